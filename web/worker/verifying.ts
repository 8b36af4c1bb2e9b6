/** Answers calls that prove a recipe or the device right. */
import { lossColumns } from '../../src/ops/tables.ts';
import { weightsSha256 } from '../../src/train/checkpoint.ts';
import { cpuDevice, maxBindingBytes } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import type { ProgressEvent } from '../../src/train/events.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import { runConformance } from '../../src/verify/conformance.ts';
import { gradcheck } from '../../src/verify/gradcheck.ts';
import { verifyRecipe } from '../../src/verify/lockstep.ts';
import { overfit } from '../../src/verify/overfit.ts';
import type { CallContext, Handlers } from '../protocol/calls.ts';
import type { SideReport, SideRequest, SideResult, VerifyingCalls } from '../protocol/verifying.ts';
import type { Workplace } from './workplace.ts';

/** Between two reports of losses. */
const reportMilliseconds = 50;
/** How often both sides hash their weights, evenly from the first step to the last. */
const hashCount = 20;

export function verifyingHandlers(workplace: Workplace): Handlers<VerifyingCalls> {
  const { devices, dataset: load, chunkBudget, work } = workplace;
  return {
    verifyRecipe: ({ recipe, steps }, { signal, emit }) =>
      work('a verification', async () =>
        verifyRecipe(recipe, {
          device: await devices.gpu(),
          dataset: await load(recipe.data),
          steps,
          signal,
          onCall: (done, count, what) => emit({ done, count, what }),
        }),
      ),
    verifyKernels: (_, { signal, emit }) =>
      work('a verification', async () =>
        runConformance(await devices.gpu(), {
          signal,
          onRow: (row, done, count) => emit({ done, count, what: `${row.name}, ${row.variant}`, row }),
        }),
      ),
    async checkGradient({ recipe }, { emit }) {
      const dataset = await load(recipe.data);
      return gradcheck(recipe, { dataset, onTensor: (what, done, count) => emit({ done, count, what }) });
    },
    overfit: ({ recipe }, { signal, emit }) =>
      work('an overfitting check', async (device) =>
        overfit(recipe, {
          device,
          dataset: await load(recipe.data),
          signal,
          chunkMilliseconds: chunkBudget(device),
          onEpoch: (epoch, loss) => emit({ epoch, loss }),
        }),
      ),
    trainSide: (request, context) =>
      request.side === 'cpu'
        ? trainSide(workplace, cpuDevice(), request, context)
        : work('a training side by side', async () => trainSide(workplace, await devices.gpu(), request, context)),
  };
}

async function trainSide(
  { dataset: load, chunkBudget }: Workplace,
  device: Device,
  { recipe }: SideRequest,
  { signal, emit }: CallContext<SideReport>,
): Promise<SideResult> {
  const dataset = await load(recipe.data);
  const prepared = prepare(recipe, dataset, { maxBindingBytes: maxBindingBytes(device), observe: true });
  const { plan } = prepared;
  let losses: number[] = [];
  let reported = performance.now();
  const report = ({ samplesPerSecond }: ProgressEvent): void => {
    emit({ type: 'losses', losses, samplesPerSecond });
    losses = [];
    reported = performance.now();
  };
  let last: ProgressEvent | undefined;
  const run = train(prepared.recipe, {
    device,
    prepared,
    signal,
    evaluateTest: false,
    observations: { count: hashCount, parameters: true },
    chunkMilliseconds: chunkBudget(device),
  });
  for await (const event of run) {
    if (event.type === 'progress') {
      for (let row = 0; row < event.batchSums.length; row += lossColumns)
        losses.push(event.batchSums[row]! / plan.batch);
      if (performance.now() - reported >= reportMilliseconds) report(event);
      last = event;
    } else if (event.type === 'observation') {
      const { step, parameters } = event.observation;
      if (parameters === undefined) throw new Error('the observation came without parameters');
      emit({ type: 'weights', step, sha256: await weightsSha256(plan.model, parameters, 0) });
    }
  }
  if (last !== undefined && losses.length > 0) report(last);
  const { adapter, steps, samplesPerSecond } = await run.result;
  return { adapter, steps, samplesPerSecond };
}
