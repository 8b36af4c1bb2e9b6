/** The whole page takes files: an overlay while they are dragged over it, then the questions about them and what came of it. */
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/panel.tsx';
import { filesOfDrop } from './dropped-files.ts';
import {
  dismissMessages,
  faults,
  notes,
  pictureQuestion,
  progress,
  stopPacking,
  tableQuestion,
  takeFiles,
} from './intake.ts';
import type { ChooseData, Takers } from './intake.ts';
import { PicturesDialog } from './pictures-dialog.tsx';
import { TableDialog } from './table-dialog.tsx';
import './data.css';

interface DropZoneProps extends Takers {
  readonly onChoose: ChooseData;
}

export function DropZone({ onChoose, ...takers }: DropZoneProps) {
  const isOver = useFileDrops(takers);
  const { value: folder } = pictureQuestion;
  const { value: table } = tableQuestion;
  return (
    <>
      {isOver && (
        <div class="drop-overlay" aria-hidden="true">
          <strong>Drop it anywhere</strong>
          <span>Data sets, tables, folders of pictures, runs and recipes. Nothing leaves this device.</span>
        </div>
      )}
      {/* The question about a table shows its faults itself. */}
      {table === undefined && <IntakeMessages />}
      {folder !== undefined && <PicturesDialog key={folder.name} folder={folder} onChoose={onChoose} />}
      {table !== undefined && <TableDialog key={table.path} question={table} onChoose={onChoose} />}
    </>
  );
}

/** Whether files are dragged over the page; what is dropped is taken. */
function useFileDrops(takers: Takers): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    addEventListener('dragenter', over, { signal });
    addEventListener('dragover', over, { signal });
    addEventListener(
      'dragleave',
      // Leaving one element of the page for another is no leaving.
      ({ relatedTarget }) => relatedTarget === null && setOver(false),
      { signal },
    );
    addEventListener(
      'drop',
      (event) => {
        setOver(false);
        // An element of the page may take the drop for itself.
        if (event.defaultPrevented || !hasFiles(event) || event.dataTransfer === null) return;
        event.preventDefault();
        void filesOfDrop(event.dataTransfer).then((files) => takeFiles(files, takers));
      },
      { signal },
    );
    return () => controller.abort();
  }, [takers.onRunZip, takers.onRecipe]);
  return isOver;
}

function IntakeMessages() {
  const { value: going } = progress;
  const messages = [
    ...[...new Set(faults.value)].map((text) => ({ text, tone: 'bad' as const })),
    ...notes.value.map((text) => ({ text, tone: 'warn' as const })),
  ];
  if (going === undefined && messages.length === 0) return null;
  return (
    <div class="intake">
      {going !== undefined && (
        <Notice>
          <div class="stack">
            <span>
              Taking in {going.what}: {going.done} of {going.total}
            </span>
            <progress value={going.done} max={going.total} aria-label={`Taking in ${going.what}`} />
            {going.what === 'pictures' && <Button onClick={stopPacking}>Stop</Button>}
          </div>
        </Notice>
      )}
      {messages.map(({ text, tone }) => (
        <Notice key={text} tone={tone}>
          {text}
        </Notice>
      ))}
      {messages.length > 0 && <Button onClick={dismissMessages}>Dismiss</Button>}
    </div>
  );
}
