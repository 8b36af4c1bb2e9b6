/** Every call that the page makes to the worker. */
import type { BuildCalls } from './build.ts';
import type { DataCalls } from './data.ts';
import type { DeviceCalls } from './device.ts';
import type { LookingCalls } from './looking.ts';
import type { RangeTestingCalls } from './range-testing.ts';
import type { RunsCalls } from './runs.ts';
import type { SearchingCalls } from './searching.ts';
import type { TrainingCalls } from './training.ts';
import type { VerifyingCalls } from './verifying.ts';

export interface Calls
  extends
    DeviceCalls,
    DataCalls,
    BuildCalls,
    TrainingCalls,
    LookingCalls,
    RunsCalls,
    VerifyingCalls,
    SearchingCalls,
    RangeTestingCalls {}
export type CallName = keyof Calls;
