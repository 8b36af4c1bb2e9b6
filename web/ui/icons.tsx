/** Small drawings beside or in place of words; whatever shows one has a label. */

const drawings = {
  /** Colours as the system has them. */
  system: (
    <>
      <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.4" />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
    </>
  ),
  light: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path
        d="M8 .8v2M8 13.2v2M.8 8h2M13.2 8h2M2.9 2.9l1.4 1.4M11.7 11.7l1.4 1.4M2.9 13.1l1.4-1.4M11.7 4.3l1.4-1.4"
        stroke="currentColor"
        stroke-width="1.4"
        stroke-linecap="round"
      />
    </>
  ),
  dark: <path d="M13.6 10.2A6 6 0 0 1 5.8 2.4a6 6 0 1 0 7.8 7.8z" />,
  play: <path d="M4 2.6v10.8L13 8z" />,
  pause: <path d="M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z" />,
  step: <path d="M2.5 2.6v10.8L10 8zM11 2.6h2.5v10.8H11z" />,
  stop: <path d="M3 3h10v10H3z" />,
  restart: (
    <path
      d="M3.2 8a4.8 4.8 0 1 0 1.5-3.5M4.9 1.6v3.2h3.2"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}
