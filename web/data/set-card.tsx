/** One set: what it is, where its files are or which are missing, a first look, and the buttons. */
import { useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { formatBytes, formatCount, formatShape } from '../ui/format.ts';
import type { DataOrigin, ListedSet } from '../protocol/data.ts';
import { Examples } from './examples.tsx';
import { askAboutTable, chooseBuiltIn, chooseOwn, isTable, removeSet } from './intake.ts';
import type { ChooseData } from './intake.ts';
import type { SetChoice } from './set-choices.ts';

const originTexts: Readonly<Record<DataOrigin, string>> = {
  made: 'ready',
  stored: 'in this browser',
  served: 'served',
  missing: 'needs files',
};

interface SetCardProps {
  readonly choice: SetChoice;
  readonly onChoose: ChooseData;
}

export function SetCard({ choice, onChoose }: SetCardProps) {
  const { title, text, set, data, recipe } = choice;
  const [wantsExamples, setWantsExamples] = useState(false);
  const isReady = set.origin !== 'missing';
  const isOwnTable = isTable(set.file ?? '');
  // Large sets are loaded for it, so a person asks for that.
  const showsExamples = isReady && !isOwnTable && (set.origin === 'made' || wantsExamples);
  const choose = (): void => {
    if (recipe !== undefined) chooseBuiltIn(recipe, onChoose);
    else if (set.file !== undefined && isOwnTable) void askAboutTable(set.file);
    else void chooseOwn(data, onChoose);
  };
  return (
    <article class="set-card" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span class="origin" data-origin={set.origin}>
          {originTexts[set.origin]}
        </span>
      </header>
      <p class="small muted">{sayFacts(text, set)}</p>
      {showsExamples && <Examples data={data} isPictures={isPictures(choice)} />}
      {!isReady && <MissingFiles set={set} />}
      <div class="button-row">
        {isReady && (
          <Button onClick={choose} label={`Use ${title}`}>
            Use
          </Button>
        )}
        {isReady && !isOwnTable && set.origin !== 'made' && !wantsExamples && (
          <Button onClick={() => setWantsExamples(true)} label={`Show examples of ${title}`}>
            Examples
          </Button>
        )}
        {set.storedPaths.length > 0 && (
          <Button kind="danger" onClick={() => void removeSet(set)} label={`Delete ${title} from this browser`}>
            Delete
          </Button>
        )}
      </div>
    </article>
  );
}

function isPictures({ set }: SetChoice): boolean {
  return set.source === 'images' || set.inputShape?.length === 3;
}

function sayFacts(text: string, { rowCount, inputShape, file, storedBytes }: ListedSet): string {
  const facts = [
    ...(rowCount === undefined ? [] : [`${formatCount(rowCount)} rows`]),
    // Of the others the text says it.
    ...(file !== undefined && inputShape !== undefined ? [formatShape(inputShape)] : []),
    ...(storedBytes === 0 ? [] : [formatBytes(storedBytes)]),
  ];
  return [text, ...facts].join(' · ');
}

/** Exactly which files, and where they are. */
function MissingFiles({ set }: { readonly set: ListedSet }) {
  return (
    <details class="small missing">
      <summary>Which files, and where to get them</summary>
      <p>Download and drop here; what you drop stays on this device:</p>
      <ul>
        {set.missing.map(({ file, url, sizeBytes }) => (
          <li key={file}>
            <a href={url} target="_blank" rel="noreferrer" download>
              {file.replace(/^.*\//, '')}
            </a>{' '}
            <span class="muted">{formatBytes(sizeBytes)}</span>
          </li>
        ))}
      </ul>
      <p>
        Or run <code>descent datasets fetch {set.source}</code> and open this page with <code>descent serve</code>.
      </p>
    </details>
  );
}
