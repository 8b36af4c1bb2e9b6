/** The recipe editor: cards and JSON of one draft, both ways; recipes to start from; files; undo. */
import { useRef, useState } from 'preact/hooks';
import { sayCause } from '../../src/errors.ts';
import { downloadFile } from '../state/download.ts';
import { canRedo, canUndo, draft, readRecipeText, redo, replaceDraft, undo } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { Segmented } from '../ui/fields.tsx';
import { Notice, Panel } from '../ui/panel.tsx';
import './build.css';
import { DataPart } from './data-part.tsx';
import { JsonEditor } from './json-editor.tsx';
import { formatJson } from './json-text.ts';
import { LayerList } from './layer-list.tsx';
import { RecipePicker } from './recipe-picker.tsx';
import { FirstNumbers, TrainingParts } from './training-parts.tsx';

type Face = 'cards' | 'json';
const faces = [
  { value: 'cards', text: 'Cards' },
  { value: 'json', text: 'JSON' },
] as const;

export function RecipePanel() {
  const [face, setFace] = useState<Face>('cards');
  const actions = (
    <div class="build-actions">
      <IconButton label="Undo" path="M6 4L3 7l3 3M3 7h6a4 4 0 0 1 0 8H7" disabled={!canUndo.value} onClick={undo} />
      <IconButton label="Redo" path="M10 4l3 3-3 3M13 7H7a4 4 0 0 0 0 8h2" disabled={!canRedo.value} onClick={redo} />
      <Segmented label="Recipe as" value={face} options={faces} onChange={setFace} />
    </div>
  );
  return (
    <Panel title="Recipe" actions={actions}>
      <div class="stack">
        <RecipePicker />
        {face === 'json' ? (
          <JsonEditor />
        ) : (
          <>
            <DataPart />
            <LayerList />
            <FirstNumbers />
            <TrainingParts />
          </>
        )}
        <RecipeFile />
      </div>
    </Panel>
  );
}

interface IconButtonProps {
  readonly label: string;
  /** Drawn in a square of 16. */
  readonly path: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
}

function IconButton({ label, path, disabled, onClick }: IconButtonProps) {
  return (
    <button type="button" class="build-icon" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <svg viewBox="0 0 16 18" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}

const fileWidth = 120;

/** The recipe as a file for the command line, and back. */
function RecipeFile() {
  const input = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<string>();
  async function open(file: File): Promise<void> {
    try {
      replaceDraft(readRecipeText(await file.text(), file.name));
      setFault(undefined);
    } catch (cause) {
      setFault(sayCause(cause));
    }
  }
  return (
    <div class="stack">
      <div class="button-row">
        <Button kind="quiet" onClick={() => input.current?.click()}>
          Open a file
        </Button>
        <Button kind="quiet" onClick={download}>
          Download
        </Button>
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          aria-label="Recipe file"
          hidden
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) void open(file);
            // The same file can then be chosen again.
            currentTarget.value = '';
          }}
        />
      </div>
      {fault !== undefined && <Notice tone="bad">{fault}</Notice>}
    </div>
  );
}

function download(): void {
  const text = `${formatJson(draft.value, fileWidth)}\n`;
  downloadFile('recipe.json', new Blob([text], { type: 'application/json' }));
}
