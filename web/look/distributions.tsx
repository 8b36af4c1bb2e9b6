/** Histograms of weights, gradients, updates and activations, each over those before it; and how fast and how alive the layers are. */
import { computed, signal } from '@preact/signals';
import { readPalette } from '../charts/palette.ts';
import type { MemberObservation, TensorStatistics } from '../../src/train/observe.ts';
import { observation } from '../state/run.ts';
import { Segmented } from '../ui/fields.tsx';
import { formatNumber, formatShare } from '../ui/format.ts';
import { EmptyState } from '../ui/panel.tsx';
import { mix, parseColour } from './colours.ts';
import { Figure } from './figure.tsx';
import { recent, slowObservation } from './history.ts';
import { layerNumbers } from './layer-numbers.ts';
import { member } from './looking.ts';
import { historyOf, rebin } from './rebin.ts';

type Kind = TensorStatistics['kind'];
const kinds = [
  { value: 'weight', text: 'Weights' },
  { value: 'gradient', text: 'Gradients' },
  { value: 'update', text: 'Updates' },
  { value: 'activation', text: 'Activations' },
] as const satisfies readonly { value: Kind; text: string }[];
const chosenKind = signal<Kind>('weight');

const binCount = 48;
const barsHeight = 40;
const stripHeight = 44;
const scaleHeight = 14;

const own = computed(() => slowObservation.value?.members[member.value]);
/** Names of the tensors as text, which changes with the model only. */
const names = computed(() =>
  JSON.stringify(own.value?.tensors.flatMap(({ name, kind }) => (kind === chosenKind.value ? [name] : [])) ?? []),
);

export function DistributionsView() {
  if (own.value === undefined) {
    return (
      <EmptyState title="No observation yet">
        <p>
          Train a step, or go on with the run, to see how its numbers are spread. Stored runs show theirs once they go
          on.
        </p>
      </EmptyState>
    );
  }
  const kind = chosenKind.value;
  const shown = JSON.parse(names.value) as readonly string[];
  return (
    <div class="stack">
      <Segmented
        label="What is spread"
        value={kind}
        options={kinds}
        onChange={(value) => {
          chosenKind.value = value;
        }}
      />
      <div class="look-multiples">
        {shown.map((name) => (
          <Histogram key={`${kind} ${name}`} name={name} kind={kind} />
        ))}
      </div>
      <p class="small muted">The newest above, those before it below, the latest first.</p>
      <LayerTable of={own.value} />
    </div>
  );
}

function Histogram({ name, kind }: { readonly name: string; readonly kind: Kind }) {
  return (
    <figure>
      <figcaption class="small">{name}</figcaption>
      <Figure
        label={`Histogram of the ${kind}s of ${name}, over those of the observations before`}
        height={() => barsHeight + stripHeight + scaleHeight}
        draw={(context, width) => {
          // Read here, so that it is drawn with every observation.
          if (observation.value === undefined) return;
          drawHistory(context, width, historyOf(recent, member.value, kind, name));
        }}
      />
    </figure>
  );
}

function drawHistory(context: CanvasRenderingContext2D, width: number, history: readonly TensorStatistics[]): void {
  const last = history.at(-1);
  const token = readPalette();
  context.font = `11px ${token('--font')}`;
  context.fillStyle = token('--muted');
  if (last === undefined) {
    context.fillText('not finite', 0, barsHeight);
    return;
  }
  const least = Math.min(...history.map(({ min }) => min));
  const most = Math.max(...history.map(({ max }) => max));
  const cell = width / binCount;
  const newest = rebin(last, [least, most], binCount);
  const highest = Math.max(...newest);
  context.fillStyle = token('--accent');
  for (const [bin, share] of newest.entries()) {
    const height = (share / highest) * (barsHeight - 2);
    context.fillRect(bin * cell, barsHeight - height, Math.max(1, cell - 0.5), height);
  }
  const ground = parseColour(token('--zero'));
  const ink = parseColour(token('--accent'));
  const strip = new OffscreenCanvas(binCount, history.length);
  const image = new ImageData(binCount, history.length);
  for (const [age, each] of history.toReversed().entries()) {
    const shares = rebin(each, [least, most], binCount);
    const top = Math.max(...shares);
    for (const [bin, share] of shares.entries()) {
      image.data.set([...mix(ground, ink, Math.sqrt(share / top)), 255], (age * binCount + bin) * 4);
    }
  }
  strip.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(strip, 0, barsHeight + 2, width, stripHeight - 4);
  context.fillStyle = token('--muted');
  context.textBaseline = 'bottom';
  const bottom = barsHeight + stripHeight + scaleHeight;
  context.textAlign = 'left';
  context.fillText(formatNumber(least, 2), 0, bottom);
  context.textAlign = 'right';
  context.fillText(formatNumber(most, 2), width, bottom);
  context.textAlign = 'center';
  context.fillText(`rms ${formatNumber(last.rms, 2)}`, width / 2, bottom);
}

function LayerTable({ of }: { readonly of: MemberObservation }) {
  return (
    <div class="table-scroll">
      <table aria-label="Layers: size of the weights, update ratio, dead units">
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col" class="numeric">
              rms of weights
            </th>
            <th scope="col" class="numeric" title="rms of the update over rms of the weights; about 0.001 is usual">
              Update ratio
            </th>
            <th scope="col" class="numeric" title="Units that are 0 for every row of the batch">
              Dead units
            </th>
          </tr>
        </thead>
        <tbody>
          {layerNumbers(of).map(({ layer, rms, updateRatio, dead }) => (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              <td class="numeric">{rms === undefined ? '–' : formatNumber(rms, 3)}</td>
              <td class="numeric">{updateRatio === undefined ? '–' : formatNumber(updateRatio, 3)}</td>
              <td class="numeric">{dead === undefined ? '–' : formatShare(dead, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
