/** What tests and the benchmark of the whole page look at and call: there only where the page was opened with `?hooks`. */
import { engine } from '../engine/engine.ts';
import { replaceDraft } from './draft.ts';
import { curves, run } from './run.ts';

const hooks = { engine, run, curves, replaceDraft };

declare global {
  // Declared so that tests see its type.
  var descent: typeof hooks | undefined;
}

export function exposeHooks(): void {
  if (new URLSearchParams(location.search).has('hooks')) globalThis.descent = hooks;
}
