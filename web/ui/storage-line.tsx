/** What the browser keeps for this page, and whether it may clear it. */
import { useSignal } from '@preact/signals';
import { askToKeep, storageUse } from '../state/storage.ts';
import { Button } from './button.tsx';
import { formatBytes } from './format.ts';

export function StorageLine() {
  const wasRefused = useSignal(false);
  const use = storageUse.value;
  if (use === undefined) return null;
  return (
    <div class="button-row small muted">
      <span>
        {formatBytes(use.usedBytes)} of {formatBytes(use.quotaBytes)} used in this browser.{' '}
        {use.persistent
          ? 'The browser keeps it until you delete it.'
          : 'The browser may clear it when the disk runs full.'}
      </span>
      {!use.persistent && (
        <Button
          kind="quiet"
          onClick={() => {
            void askToKeep().then((isKept) => {
              wasRefused.value = !isKept;
            });
          }}
        >
          Ask it to keep it
        </Button>
      )}
      {wasRefused.value && <span>It declined for now: bookmark the page, or export what you want to keep.</span>}
    </div>
  );
}
