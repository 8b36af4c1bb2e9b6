/** What the page does when it opens: finds the device and a run to go on with, follows the draft, tells the worker whether it is seen. */
import { effect } from '@preact/signals';
import { engine } from '../engine/engine.ts';
import { chooseDevice } from './device.ts';
import { describeDraft, draft } from './draft.ts';
import { exposeHooks } from './hooks.ts';
import { lookForUnfinished } from './unfinished.ts';

export function startPage(): void {
  exposeHooks();
  void chooseDevice('gpu');
  void lookForUnfinished();
  effect(() => {
    // Read here, so that the effect runs again whenever it changes.
    if (draft.value !== undefined) void describeDraft();
  });
  const tellVisible = (): void => void engine.call('setVisible', document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', tellVisible);
  tellVisible();
}
