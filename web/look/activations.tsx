/** What every layer answers to the chosen input: feature maps of layers over images, cells of all others. */
import { computed } from '@preact/signals';
import type { LayerActivation } from '../../src/train/inspect.ts';
import type { LookSubject } from '../protocol/looking.ts';
import { formatNumber, formatShape, formatShare } from '../ui/format.ts';
import { largestSize, signedScale } from './colours.ts';
import { Figure } from './figure.tsx';
import { InputPicker } from './input-picker.tsx';
import { picked, seenOf, useLook } from './looking.ts';
import { drawTiles, layOutTiles } from './tiles.ts';
import type { Tiles } from './tiles.ts';

const mostMaps = 64;
const mostCells = 1024;
const cellSize = 14;

/** The layers as a list to draw, which changes with the model only. */
const layerList = computed(() =>
  JSON.stringify(seenOf('input')?.layers?.map(({ layer, type, shape }) => ({ layer, type, shape })) ?? []),
);

export function ActivationsView({ about }: { readonly about: LookSubject }) {
  useLook(() => ({ kind: 'input', input: picked.value, activations: true }));
  const layers = JSON.parse(layerList.value) as readonly Pick<LayerActivation, 'layer' | 'type' | 'shape'>[];
  return (
    <div class="stack">
      <InputPicker about={about} />
      {layers.length === 0 && <p class="muted">Waiting for the model.</p>}
      {layers.map(({ layer, type, shape }, index) => (
        <Layer key={layer} index={index} layer={layer} type={type} shape={shape} />
      ))}
    </div>
  );
}

interface LayerProps extends Pick<LayerActivation, 'layer' | 'type' | 'shape'> {
  readonly index: number;
}

function Layer({ index, layer, type, shape }: LayerProps) {
  const values = (): Float32Array => seenOf('input')?.layers?.[index]?.values ?? new Float32Array();
  const [height = 1, width = 1, channels = 1] = shape;
  const isImage = shape.length === 3 && height * width > 1;
  const units = isImage ? channels : shape.reduce((product, length) => product * length, 1);
  const shown = Math.min(units, isImage ? mostMaps : mostCells);
  const what = isImage ? `feature maps of ${height}×${width}` : 'units';
  const summary = shown < units ? `the first ${shown} of ${units} ${what}` : `${units} ${what}`;
  return (
    <section class="look-layer" aria-label={`Output of ${layer}`}>
      <header>
        <h3>{layer}</h3>
        <span class="small muted">
          {type} {formatShape(shape)}
        </span>
        <LayerNumbers values={values} />
      </header>
      <Figure
        label={`Output of ${layer} for the chosen input: ${summary}`}
        height={(room) =>
          isImage
            ? layOutTiles({ count: shown, rows: height, columns: width }, room, 260).totalHeight
            : Math.ceil(shown / cellsAcross(room)) * cellSize
        }
        draw={(context, room) => {
          const own = values();
          const { colour } = signedScale(largestSize(own));
          if (isImage) {
            const tiles: Tiles = {
              count: shown,
              rows: height,
              columns: width,
              colour: (map, row, column) => colour(own[(row * width + column) * channels + map] ?? Number.NaN),
            };
            drawTiles(context, tiles, layOutTiles(tiles, room, 260));
            return;
          }
          const across = cellsAcross(room);
          for (let unit = 0; unit < shown; unit++) {
            context.fillStyle = `rgb(${colour(own[unit] ?? Number.NaN).join(' ')})`;
            const [x, y] = [(unit % across) * cellSize, Math.floor(unit / across) * cellSize];
            context.fillRect(x, y, cellSize - 2, cellSize - 2);
          }
        }}
      />
    </section>
  );
}

const cellsAcross = (room: number): number => Math.max(1, Math.floor(room / cellSize));

function LayerNumbers({ values }: { readonly values: () => Float32Array }) {
  const text = computed(() => {
    const own = values();
    if (own.length === 0) return '';
    const zeros = own.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / own.length;
    const size = `to ±${formatNumber(largestSize(own), 3)}`;
    return zeros > 0 ? `${size}, ${formatShare(zeros, 0)} zero` : size;
  });
  return <span class="small muted number">{text}</span>;
}
