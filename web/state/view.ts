/** Which part of the page is seen, in the address behind #, and the colours. */
import { effect, signal } from '@preact/signals';

export const views = ['train', 'search', 'verify', 'runs', 'data'] as const;
export type View = (typeof views)[number];

const isView = (text: string): text is View => (views as readonly string[]).includes(text);
const viewOfAddress = (): View => {
  const name = location.hash.slice(1).split('?')[0] ?? '';
  return isView(name) ? name : 'train';
};

export const view = signal<View>(viewOfAddress());

addEventListener('hashchange', () => {
  view.value = viewOfAddress();
});

export function showView(next: View): void {
  if (viewOfAddress() !== next) location.hash = next;
  view.value = next;
}

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const themeKey = 'descent theme';

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(themeKey);
    return themes.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

export const theme = signal<Theme>(storedTheme());
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
/** What the theme comes to; charts, which draw on a canvas, follow it. */
export const isDark = signal(false);

effect(() => {
  const follow = (): void => {
    const dark = theme.value === 'dark' || (theme.value === 'system' && prefersDark.matches);
    // First: who follows `isDark` reads the colours of the document.
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    isDark.value = dark;
  };
  follow();
  prefersDark.addEventListener('change', follow);
  return () => prefersDark.removeEventListener('change', follow);
});

export function chooseTheme(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(themeKey, next);
  } catch {
    // It holds until the page is closed.
  }
}
