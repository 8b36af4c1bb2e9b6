/** Boxes with a title, notices, empty states, readouts. */
import type { ComponentChildren } from 'preact';

interface PanelProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Controls at the right of the title. */
  readonly actions?: ComponentChildren;
}

export function Panel({ title, children, actions }: PanelProps) {
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      <div class="body">{children}</div>
    </section>
  );
}

interface NoticeProps {
  readonly children: ComponentChildren;
  readonly tone?: 'plain' | 'warn' | 'bad';
}

/** Something to know; `bad` is read out at once. */
export function Notice({ children, tone = 'plain' }: NoticeProps) {
  return (
    <div class="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

interface EmptyStateProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** Where there is nothing yet: what to do next. */
export function EmptyState({ title, children }: EmptyStateProps) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

interface ReadoutProps {
  readonly label: string;
  readonly children: ComponentChildren;
  readonly title?: string;
}

/** A number under its name; several stand in a <dl class="readouts">. */
export function Readout({ label, children, title }: ReadoutProps) {
  return (
    <div class="readout" title={title}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
