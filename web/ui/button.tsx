/** A button; `kind` tells how much it asks for attention. */
import type { ComponentChildren } from 'preact';

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: (event: MouseEvent) => void;
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger';
  readonly disabled?: boolean;
  /** For screen readers and as a tooltip, where the children are no words. */
  readonly label?: string;
  /** A tooltip that says more than the children do. */
  readonly title?: string;
  readonly pressed?: boolean;
  /** The key that does the same, as `aria-keyshortcuts` has it. */
  readonly shortcut?: string;
}

export function Button(props: ButtonProps) {
  const { children, onClick, kind = 'plain', disabled = false, label, title = label, pressed, shortcut } = props;
  return (
    <button
      type="button"
      class="button"
      data-kind={kind}
      disabled={disabled}
      onClick={onClick}
      aria-label={label}
      title={title}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
    >
      {children}
    </button>
  );
}
