/** Chooses the input that is looked at: a row of the data, a drawing, or a picture of one's own. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { sayCause } from '../../src/errors.ts';
import { imageColour } from '../charts/canvas.ts';
import { engine } from '../engine/engine.ts';
import type { LookSubject, RowSearch } from '../protocol/looking.ts';
import { Button } from '../ui/button.tsx';
import { CheckField, Segmented, SelectField } from '../ui/fields.tsx';
import { formatCount, formatNumber, formatShape } from '../ui/format.ts';
import { Notice } from '../ui/panel.tsx';
import { splitNames } from '../ui/metrics.ts';
import { DrawingPad } from './drawing-pad.tsx';
import { Figure } from './figure.tsx';
import { filledSplits, isDrawable, member, picked, seenOf, usualSplit } from './looking.ts';
import { pictureInput, readPicture } from './picture-file.ts';
import type { Picture } from './picture-file.ts';
import { drawTiles } from './tiles.ts';

type Source = 'data' | 'draw' | 'file';
const source = signal<Source>('data');
const split = signal<RowSearch['split'] | undefined>(undefined);
const ofClass = signal('any');
const onlyMistakes = signal(false);
const picture = signal<{ readonly name: string; readonly picture: Picture } | undefined>(undefined);
const inverted = signal(false);
const notice = signal<string | undefined>(undefined);

/** Looks at a row that was found elsewhere. */
export function pickRow(of: RowSearch['split'], index: number): void {
  source.value = 'data';
  split.value = of;
  picked.value = { from: 'split', split: of, index };
}

export function InputPicker({ about }: { readonly about: LookSubject }) {
  const drawable = isDrawable(about);
  const shown = drawable ? source.value : 'data';
  useEffect(() => (drawable ? followPaste(about) : undefined), [about]);
  return (
    <div class="look-picker" {...(drawable && dropTarget(about))}>
      {drawable && (
        <Segmented
          label="Where the input is from"
          value={shown}
          options={[
            { value: 'data', text: 'Data' },
            { value: 'draw', text: 'Draw' },
            { value: 'file', text: 'Picture' },
          ]}
          onChange={(value) => {
            source.value = value;
            notice.value = undefined;
            if (value === 'data') pickRow(shownSplit(about), 0);
            if (value === 'file') pickPicture(about);
          }}
        />
      )}
      <div class="look-source">
        {shown === 'draw' && <DrawingPad about={about} />}
        {shown === 'data' && <RowPicker about={about} />}
        {shown === 'file' && <FilePicker about={about} />}
        {drawable ? <SeenPicture about={about} /> : <InputTable about={about} />}
      </div>
      {notice.value !== undefined && <Notice tone="warn">{notice.value}</Notice>}
    </div>
  );
}

const shownSplit = (about: LookSubject): RowSearch['split'] => {
  const chosen = split.value;
  return chosen !== undefined && about.rows[chosen] > 0 ? chosen : usualSplit(about);
};

function RowPicker({ about }: { readonly about: LookSubject }) {
  const of = shownSplit(about);
  const { value: input } = picked;
  const index = input.from === 'split' ? input.index : 0;
  const isClassifier = about.task === 'classification';
  async function find(direction: RowSearch['direction'], from = index): Promise<void> {
    const label = isClassifier && ofClass.value !== 'any' ? { label: Number(ofClass.value) } : {};
    const mistakes = isClassifier && onlyMistakes.value;
    try {
      const found = await engine.call('findRow', {
        member: member.value,
        split: of,
        from,
        direction,
        mistakes,
        ...label,
      });
      notice.value = found === undefined ? 'No row fits. Choose another class, or all rows.' : undefined;
      if (found !== undefined) pickRow(of, found);
    } catch (cause) {
      notice.value = sayCause(cause);
    }
  }
  return (
    <div class="stack">
      <div class="button-row">
        <Button label="Previous row" onClick={() => void find('previous')}>
          ‹
        </Button>
        <Button label="Next row" onClick={() => void find('next')}>
          ›
        </Button>
        <Button onClick={() => void find('random')}>Random</Button>
      </div>
      <div class="look-choices">
        <SelectField
          label="Rows"
          value={of}
          options={filledSplits(about).map((value) => ({ value, text: splitNames[value] }))}
          onChange={(value) => pickRow(value, 0)}
        />
        {isClassifier && (
          <SelectField
            label="Class"
            value={ofClass.value}
            options={[
              { value: 'any', text: 'any' },
              ...about.outputNames.map((text, label) => ({ value: String(label), text })),
            ]}
            onChange={(value) => {
              ofClass.value = value;
              if (value !== 'any') void find('next');
            }}
          />
        )}
      </div>
      {isClassifier && (
        <CheckField
          label="Only mistakes"
          value={onlyMistakes.value}
          onChange={(value) => {
            onlyMistakes.value = value;
            if (value) void find('next', index);
          }}
        />
      )}
      <span class="small muted number">
        Row {formatCount(index + 1)} of {formatCount(about.rows[of])}
      </span>
    </div>
  );
}

async function openFile(about: LookSubject, file: File | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    picture.value = { name: file.name, picture: await readPicture(file, file.name) };
    source.value = 'file';
    notice.value = undefined;
    pickPicture(about);
  } catch (cause) {
    notice.value = sayCause(cause);
  }
}

function pickPicture({ inputShape, largestByte = 255 }: LookSubject): void {
  if (picture.value === undefined) return;
  picked.value = {
    from: 'values',
    values: pictureInput(picture.value.picture, inputShape, largestByte, inverted.value),
  };
}

function FilePicker({ about }: { readonly about: LookSubject }) {
  return (
    <div class="stack">
      <label class="look-drop">
        <input
          type="file"
          accept="image/*"
          class="visually-hidden"
          onChange={({ currentTarget }) => void openFile(about, currentTarget.files?.[0])}
        />
        <span>{picture.value?.name ?? 'Drop, paste or choose a picture'}</span>
      </label>
      <CheckField
        label="Invert"
        title="For dark ink on light paper, where the data is light on dark"
        value={inverted.value}
        onChange={(value) => {
          inverted.value = value;
          pickPicture(about);
        }}
      />
    </div>
  );
}

function dropTarget(about: LookSubject) {
  return {
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      void openFile(about, event.dataTransfer?.files[0]);
    },
  };
}

function followPaste(about: LookSubject): () => void {
  const paste = ({ clipboardData }: ClipboardEvent): void => {
    const file = Array.from(clipboardData?.files ?? []).find(({ type }) => type.startsWith('image/'));
    void openFile(about, file);
  };
  document.addEventListener('paste', paste);
  return () => document.removeEventListener('paste', paste);
}

/** The input as the model takes it. */
function SeenPicture({ about }: { readonly about: LookSubject }) {
  const { inputShape, largestByte = 255 } = about;
  const [rows = 1, columns = 1] = inputShape;
  return (
    <div class="look-seen">
      <Figure
        label={`The input as the model takes it, ${formatShape(inputShape)}`}
        height={(width) => (width * rows) / columns}
        draw={(context, width, height) => {
          const seen = seenOf('input');
          if (seen === undefined) return;
          const pixel = imageColour(seen.values, inputShape, largestByte);
          const tiles = {
            count: 1,
            rows,
            columns,
            colour: (_: number, row: number, column: number) => pixel(row, column),
          };
          drawTiles(context, tiles, { across: 1, width, height, totalHeight: height });
        }}
      />
      <span class="small muted">{formatShape(inputShape)}, as the model takes it</span>
    </div>
  );
}

const mostInputs = 12;

function InputTable({ about }: { readonly about: LookSubject }) {
  const values = seenOf('input')?.values ?? new Float32Array();
  const shown = about.inputNames.slice(0, mostInputs);
  return (
    <table class="look-inputs" aria-label="Inputs of the row">
      <tbody>
        {shown.map((name, index) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="numeric">{formatNumber(values[index] ?? Number.NaN)}</td>
          </tr>
        ))}
        {about.inputNames.length > mostInputs && (
          <tr>
            <td colSpan={2}>and {about.inputNames.length - mostInputs} more</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
