/** Ctrl or Cmd with Z takes back the last change of the draft, with Shift it comes again; in text fields the keys are the browser's. */
import { redo, undo } from '../state/draft.ts';

export function listenForUndo(): void {
  addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'z' || isText(event.target))
      return;
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
  });
}

function isText(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'range', 'button'].includes(target.type);
  return target instanceof HTMLElement && target.isContentEditable;
}
