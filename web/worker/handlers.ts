/** All that the worker answers, one group of handlers for each subject. */
import type { CallContext, Handlers } from '../protocol/calls.ts';
import type { Calls } from '../protocol/index.ts';
import { buildHandlers } from './build.ts';
import { dataHandlers } from './data.ts';
import { deviceHandlers } from './device.ts';
import { lookingHandlers } from './looking.ts';
import { rangeTestingHandlers } from './range-testing.ts';
import { runsHandlers } from './runs.ts';
import { searchingHandlers } from './searching.ts';
import { trainingHandlers } from './training.ts';
import { verifyingHandlers } from './verifying.ts';
import { openWorkplace } from './workplace.ts';

/** How the page was opened. */
export interface WorkerStart {
  /** Where `descent serve` offers the files of data sets. */
  readonly dataUrl: string | undefined;
  /** Whether calls that only tests make are answered. */
  readonly hooks: boolean;
}

export type AnyHandlers = Readonly<Record<string, (argument: unknown, context: CallContext<unknown>) => unknown>>;

export function createHandlers(start: WorkerStart): AnyHandlers {
  const workplace = openWorkplace(start);
  const handlers: Handlers<Calls> = {
    ...deviceHandlers(workplace),
    ...dataHandlers(workplace),
    ...buildHandlers(workplace),
    ...trainingHandlers(workplace),
    ...lookingHandlers(workplace),
    ...runsHandlers(workplace),
    ...searchingHandlers(workplace),
    ...rangeTestingHandlers(workplace),
    ...verifyingHandlers(workplace),
  };
  return handlers as unknown as AnyHandlers;
}
