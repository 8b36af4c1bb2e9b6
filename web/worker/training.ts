/**
 * Trains one run into the browser's storage. A device that is lost on the way is opened anew and the run goes on from its last checkpoint, to the
 * same bits; so does a run whose page was closed.
 */
import { datasetSha256 } from '../../src/data/dataset.ts';
import { DeviceError, InterruptedError } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { readWeights, writeWeights } from '../../src/train/checkpoint.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import type { TrainEvent, TrainResult } from '../../src/train/events.ts';
import { resultJson } from '../../src/train/result-json.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { prepare } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import type { CallContext, Handlers } from '../protocol/calls.ts';
import type { TrainingCalls, TrainOutcome, TrainReport, TrainRequest } from '../protocol/training.ts';
import { withRunLock } from '../storage/run-lock.ts';
import { openRunStore } from '../storage/runs.ts';
import type { RunStore } from '../storage/runs.ts';
import { startProgressReports } from './progress-reports.ts';
import { withRecovery } from './recovery.ts';
import type { Workplace } from './workplace.ts';

/** How often the inside is looked at, and what that may take of the time. */
const observing = { everySeconds: 0.1, mostShare: 0.05 };

type Context = CallContext<TrainReport>;
type PrepareRecipe = (device: Device, recipe: Recipe, observe: boolean) => Promise<Prepared>;

interface TrainingPlace extends Workplace {
  readonly prepareRecipe: PrepareRecipe;
}

export function trainingHandlers(workplace: Workplace): Handlers<TrainingCalls> {
  const prepareRecipe = keepPrepared(workplace);
  return {
    train: (request, context) =>
      withRunLock(request.runId, request.name, () =>
        workplace.work('a training', () => trainWithRecovery({ ...workplace, prepareRecipe }, request, context)),
      ),
  };
}

function trainWithRecovery(workplace: TrainingPlace, request: TrainRequest, context: Context): Promise<TrainOutcome> {
  return withRecovery(workplace.devices, {
    job: (device, onSaved) => trainOnce(workplace, device, request, context, onSaved),
    onLost: (reason, savedAt) => context.emit({ type: 'recovered', reason, step: Math.max(0, savedAt) }),
  });
}

async function trainOnce(
  workplace: TrainingPlace,
  device: Device,
  request: TrainRequest,
  { signal, emit }: Context,
  /** Told where the run could go on: at the start, and after each checkpoint. */
  onSaved: (step: number) => void,
): Promise<TrainOutcome> {
  const { runId, name, recipe, singleStep = false, observe = true } = request;
  const prepared = await workplace.prepareRecipe(device, recipe, observe);
  const model = {
    ...describeModel(prepared),
    dataSha256: await datasetSha256(prepared.dataset),
    trainRows: prepared.views[0]?.split.train.length,
  };
  const store = await openRunStore(await workplace.database(), { id: runId, name, device, prepared, model });
  const { initialWeights } = store;
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const reports = startProgressReports(prepared, emit);
  try {
    const run = train(prepared.recipe, {
      device,
      prepared,
      signal: stop.signal,
      chunkMilliseconds: workplace.chunkBudget(device),
      ...(observe && { observations: { ...observing, parameters: true } }),
      ...(store.checkpoint && { checkpoint: store.checkpoint }),
      ...(initialWeights && {
        parameters: () => readWeights(initialWeights, name, prepared.plan.model, prepared.plan.population),
      }),
    });
    for await (const event of run) {
      if (event.type === 'progress') reports.add(event);
      else {
        reports.flush();
        report(event);
      }
      if (singleStep && event.type === 'progress') abort();
    }
    return await finish(workplace, store, prepared, runId, name, await run.result);
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) {
      await store.fail(cause instanceof DeviceError ? undefined : String(cause));
      throw cause;
    }
    await store.pause();
    return { state: 'paused', step: cause.step };
  } finally {
    signal.removeEventListener('abort', abort);
  }

  function report(event: Exclude<TrainEvent, { readonly type: 'progress' }>): void {
    switch (event.type) {
      case 'start':
        onSaved(event.step);
        emit({ ...event, notes: [...store.notes, ...event.notes], runId, evaluations: store.evaluations });
        return;
      case 'evaluation':
        store.addEvaluation(event);
        emit(event);
        return;
      case 'observation': {
        const { parameters, ...observation } = event.observation;
        store.addObservation(observation);
        if (parameters !== undefined) workplace.live.show({ runId, prepared, step: observation.step, parameters });
        emit({ type: 'observation', observation });
        return;
      }
      case 'checkpoint': {
        const { step } = event.checkpoint.counters;
        store.addCheckpoint(event.checkpoint, () => {
          onSaved(step);
          emit({ type: 'saved', step });
        });
        workplace.live.show({ runId, prepared, step, parameters: event.checkpoint.arenas['parameters']! });
        return;
      }
    }
    event satisfies never;
  }
}

async function finish(
  workplace: Workplace,
  store: RunStore,
  prepared: Prepared,
  runId: string,
  name: string,
  result: TrainResult,
): Promise<TrainOutcome> {
  const json = resultJson(result, name);
  await store.finish(result.weights, json);
  const { plan } = prepared;
  const parameters = readWeights(writeWeights(result.weights), name, plan.model, plan.population);
  workplace.live.show({ runId, prepared, step: result.steps, parameters });
  return { state: 'finished', step: result.steps, result: json };
}

/** The plan and the data of a recipe; those of the last one are kept, so that a single step need not make them anew. */
function keepPrepared(workplace: Workplace): PrepareRecipe {
  let kept: { readonly key: string; readonly prepared: Prepared } | undefined;
  return async (device, recipe, observe) => {
    const dataset = await workplace.dataset(recipe.data);
    const limit = maxBindingBytes(device);
    const key = JSON.stringify([recipe, limit, observe]);
    if (kept?.key !== key || kept.prepared.dataset !== dataset) {
      kept = {
        key,
        prepared: prepare(recipe, dataset, { maxBindingBytes: limit, observe, seenData: workplace.seenData }),
      };
    }
    return kept.prepared;
  };
}
