/** What else can be done with a run: a menu that the browser shows above the page, and closes by itself. */
import { useRef } from 'preact/hooks';
import { deleteRuns, exportRun, openRun, useRecipeOf } from '../state/runs.ts';
import type { RunEntry } from '../storage/database.ts';

interface RunMenuProps {
  readonly entry: RunEntry;
  readonly onRename: () => void;
}

export function RunMenu({ entry, onRename }: RunMenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  const { id, name, kind, state } = entry;
  const items: readonly { readonly text: string; readonly act: () => void; readonly off?: boolean }[] = [
    { text: 'Open', act: () => void openRun(entry) },
    { text: 'Use its recipe', act: () => void useRecipeOf(id) },
    { text: 'Rename', act: onRename },
    ...(kind === 'run' ? [{ text: 'Export as zip', act: () => void exportRun(id) }] : []),
    { text: 'Delete', act: () => void deleteRuns([entry]), off: state === 'training' },
  ];
  return (
    <>
      <button
        type="button"
        class="button runs-more"
        data-kind="quiet"
        data-control="more"
        aria-label={`More for ${name}`}
        popovertarget={`menu-${id}`}
        onClick={({ currentTarget }) => placeMenu(menu.current, currentTarget)}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="currentColor">
          <circle cx="3" cy="8" r="1.5" />
          <circle cx="8" cy="8" r="1.5" />
          <circle cx="13" cy="8" r="1.5" />
        </svg>
      </button>
      <div ref={menu} id={`menu-${id}`} class="runs-menu" popover="auto" role="group" aria-label={`Actions on ${name}`}>
        {items.map(({ text, act, off = false }, index) => (
          <button
            key={text}
            type="button"
            disabled={off}
            autofocus={index === 0}
            title={off ? 'Pause it first' : undefined}
            onClick={() => {
              menu.current?.hidePopover();
              act();
            }}
            onKeyDown={moveInMenu}
          >
            {text}
          </button>
        ))}
      </div>
    </>
  );
}

/** Below the button, with the right edges in line, and above it where there is no room. */
function placeMenu(menu: HTMLElement | null, button: HTMLElement): void {
  if (menu === null) return;
  const { right, bottom, top } = button.getBoundingClientRect();
  const menuHeight = 5 * 36;
  const isLow = bottom + menuHeight > innerHeight && top > menuHeight;
  menu.style.right = `${document.documentElement.clientWidth - right}px`;
  menu.style.top = isLow ? 'auto' : `${bottom + 4}px`;
  menu.style.bottom = isLow ? `${innerHeight - top + 4}px` : 'auto';
}

function moveInMenu(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const { key, currentTarget } = event;
  const next =
    key === 'ArrowDown'
      ? currentTarget.nextElementSibling
      : key === 'ArrowUp'
        ? currentTarget.previousElementSibling
        : null;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
