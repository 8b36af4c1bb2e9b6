/**
 * A recipe trained into a run folder, from its beginning or from where it was interrupted, with a view of how it goes: what `descent train`
 * does once its options are read, for every command that trains.
 */
import { resolve } from 'node:path';
import { datasetSha256 } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, InterruptedError } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { readWeights } from '../../src/train/checkpoint.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import type { TrainResult } from '../../src/train/events.ts';
import type { Profile } from '../../src/train/profile.ts';
import { resultJson } from '../../src/train/result-json.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import { prepare } from '../../src/train/session.ts';
import { train } from '../../src/train/trainer.ts';
import type { Io } from '../output.ts';
import { holdsRun, openRun } from '../run-folder.ts';
import { lockRun } from '../run-lock.ts';
import { listenForInterrupts, showPath } from './interruption.ts';
import { deviceName, openChosenDevice } from './options.ts';
import type { DeviceChoice } from './options.ts';
import { openTrainingView } from './train-view.ts';

export interface FolderTraining extends DeviceChoice {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  /** The run folder, created if need be. */
  readonly folder: string;
  /** Goes on where the folder holds a run of this recipe. */
  readonly resume: boolean;
  /** The folder of --data, if one was given. */
  readonly data?: string;
  /** A safetensors file of weights to start from, and where it is from. */
  readonly initial?: { readonly weights: Uint8Array; readonly place: string };
  readonly checkpointSeconds: number;
  /** How often the run is observed; 0: never. */
  readonly observations: number;
  readonly profile?: boolean;
  /** Told to people who interrupt the run. */
  readonly commandToResume: string;
}

export function alreadyHoldsRun(folder: string): DataError {
  return new DataError(folder, 'already holds a run. Go on with it by --resume, or choose another --out.');
}

/** Trains to the end and writes the result. Throws as `train` and `openRun` do, and InterruptedError with the command to go on. */
export async function trainIntoFolder(
  training: FolderTraining,
  io: Io,
): Promise<{ readonly result: ResultJson; readonly profile?: Profile }> {
  const { recipe, dataset, folder, initial, observations, commandToResume } = training;
  using device = await openChosenDevice(training, io);
  const observe = observations > 0;
  const prepared = prepare(recipe, dataset, { maxBindingBytes: maxBindingBytes(device), observe });
  const { plan } = prepared;
  const parameters = initial && readWeights(initial.weights, initial.place, plan.model, plan.population);
  const model = {
    ...describeModel(prepared),
    ...(training.data !== undefined && { dataFolder: resolve(training.data) }),
    startFolder: process.cwd(),
    dataSha256: await datasetSha256(dataset),
    trainRows: prepared.views[0]?.split.train.length,
  };
  using _lock = lockRun(folder);
  if (!training.resume && holdsRun(folder)) throw alreadyHoldsRun(folder);
  const run = openRun(folder, plan, recipe, model, initial?.weights);
  for (const note of run.notes) io.stderr(`${note}\n`);

  const view = openTrainingView(io, prepared, { device: deviceName(device), folder: showPath(folder) });
  const cure = `Go on with: ${commandToResume}`;
  const interruption = listenForInterrupts(io, view.close, cure);
  let result: TrainResult;
  try {
    const events = train(recipe, {
      device,
      prepared,
      checkpointSeconds: training.checkpointSeconds,
      signal: interruption.signal,
      profile: training.profile === true,
      ...(observe && { observations: { count: observations } }),
      ...(run.checkpoint && { checkpoint: run.checkpoint }),
      ...(parameters && { parameters: () => parameters }),
    });
    for await (const event of events) {
      view.show(event);
      if (event.type === 'evaluation') run.addEvaluation(event);
      if (event.type === 'observation') run.addObservation(event.observation);
      if (event.type === 'checkpoint') run.addCheckpoint(event.checkpoint);
    }
    result = await events.result;
  } catch (cause) {
    if (!(cause instanceof InterruptedError)) throw cause;
    throw new InterruptedError(cause.step, cure);
  } finally {
    interruption[Symbol.dispose]();
    view.close();
  }
  const json = resultJson(result, resolve(folder));
  run.finish(result.weights, json);
  return { result: json, ...(result.profile && { profile: result.profile }) };
}
