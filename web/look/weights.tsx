/** Weights as pictures: what each unit of a dense layer on an image adds up, the kernels of a convolution, a plain table of colours else. */
import { signal } from '@preact/signals';
import type { Rgb } from '../charts/canvas.ts';
import type { LookSubject, WeightTensor } from '../protocol/looking.ts';
import { Field, SelectField } from '../ui/fields.tsx';
import { formatShape, sayCount } from '../ui/format.ts';
import { largestSize, signedScale } from './colours.ts';
import { Figure } from './figure.tsx';
import { seenOf, useLook } from './looking.ts';
import { ScaleBar } from './scale-bar.tsx';
import { drawTiles, layOutTable, layOutTiles } from './tiles.ts';
import type { TileLayout, Tiles } from './tiles.ts';

const chosenTensor = signal('');
const chosenChannel = signal(0);

const mostTiles = 128;
const mostHeight = 420;
/** Of a table of colours: more rows or columns cannot be told apart. */
const mostLines = 512;

export function WeightsView({ about }: { readonly about: LookSubject }) {
  const tensor = about.weights.find(({ name }) => name === chosenTensor.value) ?? about.weights[0];
  useLook(() => ({ kind: 'weights', tensor: tensor?.name ?? '' }), [tensor?.name]);
  if (tensor === undefined) return <p class="muted">This model has no weights.</p>;
  const values = (): Float32Array => {
    const seen = seenOf('weights');
    return seen?.tensor === tensor.name ? seen.values : new Float32Array();
  };
  const [, , inC = 1] = tensor.shape;
  const hasChannels = tensor.shape.length === 4 && inC > 1;
  const channel = hasChannels ? Math.min(chosenChannel.value, inC - 1) : 0;
  const picture = describePicture(tensor, channel);
  const layOut = (width: number): TileLayout =>
    (picture.isTable ? layOutTable : layOutTiles)(picture, width, mostHeight);
  return (
    <div class="stack">
      <div class="look-choices">
        <SelectField
          label="Tensor"
          value={tensor.name}
          options={about.weights.map(({ name, shape }) => ({ value: name, text: `${name} ${formatShape(shape)}` }))}
          onChange={(name) => {
            chosenTensor.value = name;
          }}
        />
        {hasChannels && (
          <Field label={`Input channel ${channel + 1} of ${inC}`}>
            <input
              type="range"
              min={0}
              max={inC - 1}
              value={channel}
              onInput={({ currentTarget }) => {
                chosenChannel.value = Number(currentTarget.value);
              }}
            />
          </Field>
        )}
      </div>
      <Figure
        label={`${tensor.name}: ${picture.summary}`}
        height={(width) => layOut(width).totalHeight}
        draw={(context, width) => {
          const own = values();
          const { colour } = signedScale(largestSize(own));
          const tiles: Tiles = {
            ...picture,
            colour: (tile, row, column): Rgb => colour(picture.weightAt(own, tile, row, column)),
          };
          drawTiles(context, tiles, layOut(width));
        }}
      />
      <ScaleBar title="weight" largest={() => largestSize(values())} />
      <p class="small muted">{picture.summary}, on one scale.</p>
    </div>
  );
}

interface WeightPicture {
  /** A plain table, one cell for each weight. */
  readonly isTable: boolean;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly summary: string;
  weightAt(values: Float32Array, tile: number, row: number, column: number): number;
}

/** How a tensor is laid out in tiles. */
function describePicture({ shape, imageShape }: WeightTensor, channel: number): WeightPicture {
  const outputs = shape.at(-1) ?? 1;
  const count = Math.min(outputs, mostTiles);
  const which = count < outputs ? `The first ${count} of ${outputs}` : `All ${outputs}`;
  if (shape.length === 4) {
    const [rows = 1, columns = 1, inC = 1] = shape;
    return {
      isTable: false,
      count,
      rows,
      columns,
      summary: `${which} kernels of ${rows}×${columns}${inC > 1 ? ` for input channel ${channel + 1}` : ''}`,
      weightAt: (values, kernel, row, column) =>
        values[((row * columns + column) * inC + channel) * outputs + kernel] ?? Number.NaN,
    };
  }
  if (imageShape !== undefined) {
    const [rows = 1, columns = 1, channels = 1] = imageShape;
    return {
      isTable: false,
      count,
      rows,
      columns,
      summary: `${which} units, each as a picture of ${rows}×${columns}${channels > 1 ? `, mean over ${channels} channels` : ''}`,
      weightAt(values, unit, row, column) {
        let sum = 0;
        for (let each = 0; each < channels; each++) {
          sum += values[((row * columns + column) * channels + each) * outputs + unit] ?? Number.NaN;
        }
        return sum / channels;
      },
    };
  }
  const [inputs = 1] = shape;
  const [rows, columns] = [Math.min(inputs, mostLines), Math.min(outputs, mostLines)];
  const cut = rows < inputs || columns < outputs ? `, the first ${rows}×${columns} of them` : '';
  return {
    isTable: true,
    count: 1,
    rows,
    columns,
    summary: `${sayCount(inputs, 'input')} downwards, ${sayCount(outputs, 'unit')} across${cut}`,
    weightAt: (values, _, row, column) => values[row * outputs + column] ?? Number.NaN,
  };
}
