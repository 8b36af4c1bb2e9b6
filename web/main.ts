/**
 * The page: trains a built-in recipe on the browser's WebGPU adapter (else on the CPU path, saying so), draws the loss, and compares
 * GPU with CPU kernel by kernel.
 */
import { DescentError, InterruptedError } from '../src/errors.ts';
import { builtInRecipes } from '../src/recipe/built-in.ts';
import { overrideRecipe } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import { cpuDevice } from '../src/train/device.ts';
import type { Device } from '../src/train/device.ts';
import type { Metrics } from '../src/train/events.ts';
import { train } from '../src/train/trainer.ts';
import { verifyRecipe } from '../src/verify/lockstep.ts';
import { drawCurve } from './curve.ts';
import type { CurvePoint } from './curve.ts';
import { openBrowserDevice } from './index.ts';

/** Sets that need no files. */
const embeddedSources = ['digits', 'spirals', 'two-peaks'];
/** Milliseconds of a chunk: short enough that the page stays smooth. */
const frameMilliseconds = 8;

function find<T extends Element>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

const recipeSelect = find<HTMLSelectElement>('recipe');
const seedInput = find<HTMLInputElement>('seed');
const status = find<HTMLElement>('status');
const table = find<HTMLTableElement>('table');
const buttons = {
  train: find<HTMLButtonElement>('train'),
  stop: find<HTMLButtonElement>('stop'),
  verify: find<HTMLButtonElement>('verify'),
};

const recipes = Object.values(builtInRecipes).filter(({ data }) => embeddedSources.includes(data.source));
recipeSelect.replaceChildren(
  ...recipes.map(({ name = '' }) => new Option(name, name, name === 'digits', name === 'digits')),
);

function chosenRecipe(): Recipe {
  return overrideRecipe(builtInRecipes[recipeSelect.value], { seed: seedInput.valueAsNumber });
}

function describeRecipe(): void {
  find('description').textContent = builtInRecipes[recipeSelect.value]?.description ?? '';
}

async function openDevice(): Promise<Device> {
  const place = find('adapter');
  try {
    const device = await openBrowserDevice();
    place.textContent = device.software
      ? `WebGPU on ${device.name}: a software adapter, much slower than a real GPU.`
      : `WebGPU on ${device.name}.`;
    return device;
  } catch (cause) {
    if (!(cause instanceof DescentError)) throw cause;
    place.textContent = `${cause.message} Training runs on the CPU path.`;
    buttons.verify.disabled = true;
    return cpuDevice();
  }
}

function sayMetrics({ loss, accuracy, topKAccuracy, rmse, r2 }: Metrics): string {
  const sayShare = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const others = [
    ...(topKAccuracy === undefined ? [] : [`top-k accuracy ${sayShare(topKAccuracy)}`]),
    `loss ${loss.toPrecision(4)}`,
    ...(rmse === undefined ? [] : [`RMSE ${rmse.toPrecision(4)}`]),
    ...(r2 === undefined ? [] : [`R² ${r2.toPrecision(4)}`]),
  ].join(', ');
  return accuracy === undefined ? others : `${sayShare(accuracy)} (${others})`;
}

async function trainChosen(device: Device, signal: AbortSignal): Promise<void> {
  const points: CurvePoint[] = [];
  let steps = 0;
  const run = train(chosenRecipe(), { device, signal, chunkMilliseconds: frameMilliseconds });
  for await (const event of run) {
    if (event.type === 'start') steps = event.steps;
    if (event.type !== 'progress') continue;
    points.push({ step: event.step, value: event.losses[0] ?? 0 });
    drawCurve(find('curve'), points, steps);
    const speed = Math.round(event.samplesPerSecond).toLocaleString('en');
    status.textContent = `Step ${event.step.toLocaleString('en')} of ${steps.toLocaleString('en')}, ${speed} samples a second.`;
  }
  const { test, train: training, seconds, samplesPerSecond, weightsSha256 } = await run.result;
  const speed = Math.round(samplesPerSecond).toLocaleString('en');
  const metrics = test === undefined ? `Training set: ${sayMetrics(training)}` : `Test set: ${sayMetrics(test)}`;
  status.textContent = `${metrics}, after ${seconds.train.toFixed(1)} s at ${speed} samples a second.`;
  status.dataset.weightsSha256 = weightsSha256 ?? '';
}

async function compare(device: Device): Promise<void> {
  if (device.kind !== 'gpu') return;
  status.textContent = 'Running three steps on both …';
  const { kernels, failed } = await verifyRecipe(chosenRecipe(), { device });
  table.hidden = false;
  const rows = kernels.map(({ name, elements, bitEqual, maxUlp, bound }) => [
    name,
    elements.toLocaleString('en'),
    `${(100 * bitEqual).toFixed(2)} %`,
    maxUlp.toString(),
    bound.toString(),
  ]);
  const head = ['kernel', 'elements', 'equal bits', 'largest ulp', 'bound'];
  table.replaceChildren(...[head, ...rows].map((cells, index) => tableRow(cells, index === 0 ? 'th' : 'td')));
  status.textContent =
    failed === undefined ? 'GPU and CPU agree.' : `${failed.name} differs from the CPU beyond its bound.`;
}

function tableRow(cells: readonly string[], tag: 'th' | 'td'): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.append(
    ...cells.map((text) => {
      const cell = document.createElement(tag);
      cell.textContent = text;
      return cell;
    }),
  );
  return row;
}

/** Runs one job at a time; errors with a sentence are shown, others are thrown. */
async function runJob(job: (signal: AbortSignal) => Promise<void>, stoppable: boolean): Promise<void> {
  const controller = new AbortController();
  const { train: trainButton, stop, verify } = buttons;
  const wasDisabled = verify.disabled;
  trainButton.disabled = verify.disabled = true;
  stop.disabled = !stoppable;
  stop.onclick = () => controller.abort();
  delete status.dataset.weightsSha256;
  try {
    await job(controller.signal);
  } catch (cause) {
    if (!(cause instanceof DescentError)) throw cause;
    status.textContent = cause instanceof InterruptedError ? `Stopped after step ${cause.step}.` : cause.message;
  } finally {
    trainButton.disabled = false;
    verify.disabled = wasDisabled;
    stop.disabled = true;
  }
}

describeRecipe();
recipeSelect.addEventListener('change', describeRecipe);
const device = await openDevice();
find<HTMLFormElement>('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  void runJob((signal) => trainChosen(device, signal), true);
});
buttons.verify.addEventListener('click', () => void runJob(() => compare(device), false));
