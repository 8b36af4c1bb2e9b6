/**
 * Descent as a side of the comparison: it answers the protocol's requests on one device. It draws the rows and the weights itself, by the
 * very functions that made the files for the others.
 */
import { createInterface } from 'node:readline';
import { version } from '../package.json';
import { openDevice } from '../node/device.ts';
import { formatJson } from '../node/output.ts';
import { pollPatiently } from '../node/poll-patiently.ts';
import { DescentError } from '../src/errors.ts';
import type { Device } from '../src/train/device.ts';
import { timeEpoch, timeSteps } from './measure.ts';
import { timeProduct } from './products.ts';
import { sampleIndices } from './protocol.ts';
import type { Answer, Hello, Request } from './protocol.ts';
import { openStepper } from './stepper.ts';
import type { Stepper } from './stepper.ts';
import { chooseWorkloads, comparedWorkloads } from './workloads.ts';
import type { TrainingWorkload } from './workloads.ts';
import type { Dataset } from '../src/data/dataset.ts';

export interface DescentSide extends Disposable {
  readonly hello: Hello;
  answer(request: Request): Promise<Answer>;
}

interface LoadedWorkload {
  readonly workload: TrainingWorkload;
  readonly dataset: Dataset;
  readonly stepper: Stepper;
}

/** Descent on a device, as the parent sees it. */
export function createDescentSide(device: Device): DescentSide {
  let loaded: LoadedWorkload | undefined;
  const close = (): void => {
    loaded?.stepper[Symbol.dispose]();
    loaded = undefined;
  };

  async function load(name: string): Promise<Answer> {
    close();
    const [workload] = chooseWorkloads([name], comparedWorkloads);
    if (workload === undefined || workload.kind === 'products') return { error: `${name} trains nothing` };
    const dataset = workload.createDataset();
    // Steps take the rows in file order, those of an epoch's workload too.
    const recipe = { ...workload.recipe, data: { ...workload.recipe.data, shuffle: false } };
    const stepper = await openStepper(device, { ...workload, recipe, createDataset: () => dataset });
    loaded = { workload, dataset, stepper };
    return { loaded: workload.name };
  }

  async function answer(request: Request): Promise<Answer> {
    switch (request.do) {
      case 'load':
        return load(request.workload);
      case 'product': {
        const { ms, y } = await timeProduct(device, request, request.repeats);
        return { ms, sample: sampleIndices(request).map((index) => y[index] ?? Number.NaN) };
      }
      case 'train':
        if (loaded !== undefined) return { losses: Array.from(await loaded.stepper.train(request.steps)) };
        break;
      case 'time':
        if (loaded !== undefined) return { ms: await timeSteps(loaded.stepper, request.steps) };
        break;
      case 'epoch':
        if (loaded !== undefined) return { ms: await timeEpoch(device, loaded.workload, loaded.dataset) };
        break;
      case 'quit':
        break;
      default:
        request satisfies never;
    }
    return { error: `nothing is loaded for "${request.do}"` };
  }

  return {
    hello: { side: device.kind === 'gpu' ? 'descent-webgpu' : 'descent-cpu', version, adapter: device.name },
    async answer(request) {
      try {
        return await answer(request);
      } catch (cause) {
        return { error: cause instanceof Error ? cause.message : String(cause) };
      }
    },
    [Symbol.dispose]: close,
  };
}

/** Runs the side on standard input and output until `quit` or the end of input. */
export async function runDescentSide(kind: 'gpu' | 'cpu', adapter: string | undefined): Promise<void> {
  // As the command line does.
  pollPatiently();
  const send = (line: Hello | Answer): boolean => process.stdout.write(formatJson(line));
  let opened: Device;
  try {
    opened = await openDevice({ device: kind, ...(adapter !== undefined && { adapter }) });
  } catch (cause) {
    if (!(cause instanceof DescentError)) throw cause;
    send({ error: cause.message });
    return;
  }
  using device = opened;
  using side = createDescentSide(device);
  send(side.hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    if (request.do === 'quit') break;
    send(await side.answer(request));
  }
}
