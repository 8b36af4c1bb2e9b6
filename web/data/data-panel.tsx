/** The sets that there are, where they come from, and how to bring others. */
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { EmptyState, Notice, Panel } from '../ui/panel.tsx';
import { StorageLine } from '../ui/storage-line.tsx';
import { filesOfInput } from './dropped-files.ts';
import { listing, refreshListing, takeFiles } from './intake.ts';
import type { ChooseData, Takers } from './intake.ts';
import { SetCard } from './set-card.tsx';
import { setChoices } from './set-choices.ts';
import './data.css';

export interface DataPanelProps extends Takers {
  readonly onChoose: ChooseData;
}

export function DataPanel({ onChoose, ...takers }: DataPanelProps) {
  useEffect(() => void refreshListing(), []);
  const { value: known } = listing;
  const choices = setChoices(known?.sets ?? []);
  const own = choices.filter(({ set }) => set.file !== undefined);
  return (
    <div class="stack">
      <Panel title="Data sets">
        <div class="set-grid">
          {choices
            .filter(({ set }) => set.file === undefined)
            .map((choice) => (
              <SetCard key={choice.title} choice={choice} onChoose={onChoose} />
            ))}
        </div>
        <details class="sources small muted">
          <summary>Sources and licences</summary>
          <ul>
            {known?.sets
              .filter(({ file }) => file === undefined)
              .map(({ source, from, licence }) => (
                <li key={source}>
                  {source}: {from}. Licence: {licence}.
                </li>
              ))}
          </ul>
        </details>
      </Panel>
      <Panel title="Your own" actions={<FileButtons {...takers} />}>
        <div class="stack">
          {known?.memoryOnly !== undefined && (
            <Notice tone="warn">{known.memoryOnly} What you drop is gone when the page is closed.</Notice>
          )}
          {known?.serverFault !== undefined && <Notice tone="warn">{known.serverFault}</Notice>}
          {own.length === 0 ? (
            <EmptyState title="Bring your own data">
              <span>
                Drop a table (.csv with a header line and a column to learn), or folders of pictures, one folder for
                each class. They are read in this browser and stay on this device.
              </span>
            </EmptyState>
          ) : (
            <div class="set-grid">
              {own.map((choice) => (
                <SetCard key={choice.set.file} choice={choice} onChoose={onChoose} />
              ))}
            </div>
          )}
          <StorageLine />
        </div>
      </Panel>
    </div>
  );
}

function FileButtons(takers: Takers) {
  return (
    <div class="button-row">
      <FileButton text="Choose files" takers={takers} isFolder={false} />
      <FileButton text="Choose a folder" takers={takers} isFolder />
    </div>
  );
}

interface FileButtonProps {
  readonly text: string;
  readonly takers: Takers;
  readonly isFolder: boolean;
}

function FileButton({ text, takers, isFolder }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button onClick={() => input.current?.click()}>{text}</Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={text}
        {...(isFolder && { webkitdirectory: true })}
        onChange={({ currentTarget }) => {
          const files = filesOfInput(currentTarget.files ?? []);
          // The same file can be chosen again.
          currentTarget.value = '';
          void takeFiles(files, takers);
        }}
      />
    </>
  );
}
