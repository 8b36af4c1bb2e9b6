/** Puts a link to the draft on the clipboard and shows it. */
import { useState } from 'preact/hooks';
import { checked, draft } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { Modal } from '../ui/modal.tsx';
import { linkTo } from './recipe-link.ts';
import './share.css';

interface Shared {
  readonly link: string;
  readonly isCopied: boolean;
}

export function ShareButton() {
  const [shared, setShared] = useState<Shared>();

  async function share(link: string): Promise<void> {
    setShared({ link, isCopied: await copy(link) });
  }

  return (
    <>
      <Button disabled={'fault' in checked.value} onClick={() => void share(linkTo(draft.value, location.href))}>
        Share
      </Button>
      {shared && (
        <Modal title="Share this recipe" onClose={() => setShared(undefined)}>
          <p class="muted">
            The link holds the whole recipe and nothing else. Whoever opens it trains the same run, to the same bits on
            the same kind of adapter.
          </p>
          <textarea
            class="share-link"
            readOnly
            rows={8}
            aria-label="Link"
            value={shared.link}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
          <p class="small muted" role="status">
            {shared.isCopied
              ? 'It is on the clipboard.'
              : 'The browser did not let it on the clipboard: copy it from here.'}{' '}
            {shared.link.length} characters.
          </p>
          <div class="button-row">
            <Button onClick={() => void share(shared.link)}>Copy</Button>
            <Button kind="primary" onClick={() => setShared(undefined)}>
              Done
            </Button>
          </div>
        </Modal>
      )}
    </>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
