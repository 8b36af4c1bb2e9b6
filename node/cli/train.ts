/** `descent train RECIPE`: trains, shows how it goes, and keeps everything in a run folder that can be gone on with. */
import { join } from 'node:path';
import { Command } from 'commander';
import { CheckError, RecipeError } from '../../src/errors.ts';
import { rescaleToEpochs } from '../../src/train/duration.ts';
import { profileTrace } from '../../src/train/profile.ts';
import type { Profile } from '../../src/train/profile.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import { formatJson } from '../output.ts';
import type { Io } from '../output.ts';
import {
  checkSameRecipe,
  holdsRun,
  readInitialWeights,
  readModelFile,
  readResult,
  readRunRecipe,
  writeWhole,
} from '../run-folder.ts';
import { refuseTraining } from '../search/marks.ts';
import { freshFolder, resumeCommand, showPath } from './interruption.ts';
import {
  addDeviceOptions,
  addJsonOption,
  addObservationsOption,
  addRecipeOptions,
  addTuneOption,
  askedRecipe,
  checkWritable,
  openRecipe,
  parseSeconds,
  readInput,
  recipeArgument,
} from './options.ts';
import type { DeviceChoice, RecipeOptions } from './options.ts';
import { formatProfile, profileJson } from './profile-view.ts';
import { divergedMembers, formatResult } from './train-view.ts';
import { alreadyHoldsRun, trainIntoFolder } from './training.ts';

interface TrainCommandOptions extends RecipeOptions, DeviceChoice {
  readonly out?: string;
  readonly init?: string;
  readonly resume?: boolean;
  readonly checkpointSeconds: number;
  readonly observations: number;
  readonly profile?: boolean;
  readonly profileTrace?: string;
  readonly json?: boolean;
}

export function trainCommand(io: Io, args: readonly string[]): Command {
  const command = new Command('train')
    .description('train a recipe, with the results in a run folder')
    .argument('<recipe>', recipeArgument);
  addObservationsOption(addTuneOption(addDeviceOptions(addRecipeOptions(command))))
    .option('--out <folder>', 'the run folder, created if need be (default: runs/<name>-<seed>-<time>)')
    .option('--init <weights>', 'start from the weights of a safetensors file')
    .option('--resume', 'go on with the run in --out from its newest checkpoint')
    .option('--checkpoint-seconds <s>', 'time between two checkpoints', parseSeconds, 1.5)
    .option('--profile', 'time each kernel on a sample of steps, and print a table after the result')
    .option('--profile-trace <file>', 'also write these steps as a Chrome trace, for chrome://tracing or Perfetto');
  return addJsonOption(command).action(async (name: string, options: TrainCommandOptions) => {
    if (options.resume === true && options.out === undefined) {
      throw new RecipeError('--resume', 'needs --out, the folder of the run to go on with.');
    }
    if (options.out !== undefined) refuseTraining(options.out);
    const resumed = options.out !== undefined && holdsRun(options.out);
    if (resumed && options.resume !== true) throw alreadyHoldsRun(options.out);
    if (options.profileTrace !== undefined) checkWritable(options.profileTrace, '--profile-trace');
    const finished = resumed ? finishedResult(options.out, name, options) : undefined;
    if (finished !== undefined && options.json !== true) io.stdout('This run is finished.\n');
    const { result, profile } =
      finished === undefined ? await startOrResume(name, resumed, options, io, args) : { result: finished };
    if (options.json === true) io.stdout(formatJson({ ...result, ...(profile && { profile: profileJson(profile) }) }));
    else {
      const folder = options.out ?? result.run;
      io.stdout(formatResult(result, showPath(folder), readRunRecipe(folder).evaluation.topK));
    }
    if (wantsProfile(options)) showProfile(profile, result, options, io);
    const diverged = divergedMembers(result);
    if (diverged.length > 0) {
      throw new CheckError(`the loss became NaN or infinite: ${diverged.join(', ')}. Lower the learning rate there.`);
    }
  });
}

/** The result of a run that is finished: its data is not needed any more. Throws RecipeError where another run was asked for. */
function finishedResult(folder: string, name: string, options: TrainCommandOptions): ResultJson | undefined {
  const result = readResult(folder);
  if (result === undefined) return undefined;
  const recipe = askedRecipe(name, options);
  const { epochs } = options;
  // Older versions did not note the rows; a schedule in epochs is rescaled alike whatever they are.
  const trainRows = readModelFile(folder).trainRows ?? recipe.batch;
  checkSameRecipe(folder, epochs === undefined ? recipe : rescaleToEpochs(recipe, epochs, trainRows));
  initialWeights(folder, true, options.init);
  return result;
}

async function startOrResume(
  name: string,
  resumed: boolean,
  options: TrainCommandOptions,
  io: Io,
  args: readonly string[],
): ReturnType<typeof trainIntoFolder> {
  const stored = resumed && options.out !== undefined ? readModelFile(options.out) : undefined;
  const data = options.data ?? stored?.dataFolder;
  const opened = await openRecipe(name, { ...options, ...(data !== undefined && { data }) }, stored?.startFolder);
  const folder = options.out ?? freshFolder('runs', opened.recipe, holdsRun);
  const weights = initialWeights(folder, resumed, options.init);
  const place = options.init ?? join(folder, 'init.safetensors');
  const training = {
    ...options,
    ...opened,
    folder,
    resume: options.resume === true,
    ...(weights && { initial: { weights, place } }),
    profile: wantsProfile(options),
    commandToResume: resumeCommand(args, folder),
  };
  return trainIntoFolder(training, io);
}

function wantsProfile({ profile, profileTrace: trace }: TrainCommandOptions): boolean {
  return profile === true || trace !== undefined;
}

/** Prints the table where people read, and writes the trace if it was asked for. */
function showProfile(
  profile: Profile | undefined,
  { device }: ResultJson,
  { profileTrace: trace, json }: TrainCommandOptions,
  io: Io,
): void {
  if (profile === undefined) {
    io.stderr('Nothing was profiled: no step was left to train.\n');
    return;
  }
  if (json !== true) io.stdout(`\n${formatProfile(profile, device)}`);
  if (trace === undefined) return;
  writeWhole(trace, JSON.stringify(profileTrace(profile)));
  io.stderr(`The trace is in ${showPath(trace)}\n`);
}

/** Bytes of the weights to start from: those of --init, or those that a resumed run started from. */
function initialWeights(folder: string, resumed: boolean, init: string | undefined): Uint8Array | undefined {
  const given = init === undefined ? undefined : readInput(init);
  if (!resumed) return given;
  const stored = readInitialWeights(folder);
  if (given !== undefined && (stored === undefined || !given.equals(stored))) {
    throw new RecipeError(
      '--init',
      `the run in ${folder} started from other weights. Leave --init out to go on with it.`,
    );
  }
  return stored;
}
