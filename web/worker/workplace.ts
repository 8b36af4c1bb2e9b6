/** What the calls share: the device, the data sets that are loaded, the storage, the model that is looked into, and one place for long work. */
import type { Dataset } from '../../src/data/dataset.ts';
import { RecipeError } from '../../src/errors.ts';
import type { DataRecipe } from '../../src/recipe/schema.ts';
import type { ChunkBudget } from '../../src/train/chunks.ts';
import type { Device } from '../../src/train/device.ts';
import type { SeenData } from '../../src/train/session.ts';
import { openPageFiles } from '../storage/data-files.ts';
import type { PageFiles } from '../storage/data-files.ts';
import { openDatabase } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { openDatasets } from './datasets.ts';
import { openDevices } from './devices.ts';
import type { Devices } from './devices.ts';
import type { WorkerStart } from './handlers.ts';
import { openLiveModel } from './live-model.ts';
import type { LiveModel } from './live-model.ts';
import { sayCure } from './page-files.ts';

/**
 * Milliseconds of a chunk: on the GPU while the page is seen, which draws a frame every 16, and while it is hidden. The CPU path has this thread
 * for itself, and pauses between two chunks for as long as browsers make a timer wait.
 */
const chunkMilliseconds = { seen: 8, hidden: 100, cpu: 50 };

export interface Workplace {
  readonly devices: Devices;
  readonly live: LiveModel;
  /** The files of data sets. */
  readonly files: PageFiles;
  database(): Promise<Database>;
  /** The data of a recipe; the last one that was asked for is kept. */
  dataset(data: DataRecipe): Promise<Dataset>;
  /** For `prepare`, so that a large set is measured once. */
  readonly seenData: SeenData;
  /** Forgets what is kept: a file has changed. */
  forgetDatasets(): void;
  /** For `chunkMilliseconds` of whatever trains on the device. */
  chunkBudget(device: Device): ChunkBudget;
  setVisible(visible: boolean): void;
  /** Whether work that may hold the device for long is under way. */
  isWorking(): boolean;
  /** Runs the one piece of work that may hold the device for long, on the device that is chosen. Throws RecipeError while another is under way. */
  work<T>(what: string, job: (device: Device) => Promise<T>): Promise<T>;
}

export function openWorkplace(start: WorkerStart): Workplace {
  const database = openDatabase();
  // Asked for by whoever needs it; a page that never stores anything must not fail for it.
  database.catch(() => undefined);
  const devices = openDevices(start.hooks, database);
  const files = openPageFiles({ dataUrl: start.dataUrl, database, cure: sayCure });
  const datasets = openDatasets(files);
  let visible = true;
  let busyWith: string | undefined;
  return {
    devices,
    live: openLiveModel(),
    files,
    database: () => database,
    dataset: datasets.load,
    seenData: new WeakMap(),
    forgetDatasets: datasets.forget,
    chunkBudget:
      ({ kind }) =>
      () =>
        kind === 'cpu' ? chunkMilliseconds.cpu : visible ? chunkMilliseconds.seen : chunkMilliseconds.hidden,
    setVisible(now) {
      visible = now;
    },
    isWorking: () => busyWith !== undefined,
    async work(what, job) {
      if (busyWith !== undefined) {
        throw new RecipeError('', `The page is busy with ${busyWith}. Let it end or stop it first.`);
      }
      busyWith = what;
      try {
        return await job(await devices.current());
      } finally {
        busyWith = undefined;
      }
    },
  };
}
