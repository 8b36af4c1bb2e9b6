/** Calls and events of the learning-rate range test. */
import type { RangeChange } from '../../src/lr-find/apply-range.ts';
import type { Suggestion } from '../../src/lr-find/describe.ts';
import type { RangeCurve, RangePoint, RateSuggestions } from '../../src/lr-find/range-test.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { Call } from './calls.ts';

/** What is not given is chosen as the command line chooses it. */
export interface RangeSettings {
  readonly from?: number;
  readonly to?: number;
  readonly curve?: RangeCurve;
  /** Length: so many epochs, or so many steps. */
  readonly epochs?: number;
  readonly steps?: number;
  readonly smoothing?: number;
}

export type RangeReport =
  | { readonly type: 'start'; readonly steps: number; readonly notes: readonly string[] }
  /** The newest point of a chunk of steps. */
  | { readonly type: 'progress'; readonly point: RangePoint; readonly samplesPerSecond: number };

export interface RangeResult {
  /** One for each step up to the end. */
  readonly points: readonly RangePoint[];
  /** That the whole test would have taken. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly smoothing: number;
  readonly adapter: string;
  readonly seconds: number;
  /** Why it ended before its last step, where it did. */
  readonly ended?: string;
  readonly suggestions: RateSuggestions;
  /** Each of them with what it means. */
  readonly suggested: readonly Suggestion[];
}

export type RangeOutcome = { readonly state: 'finished'; readonly result: RangeResult } | { readonly state: 'stopped' };

export interface RangeTestingCalls {
  /** Tests to the end, or until it is cancelled: then the outcome is `stopped`. */
  readonly testRange: Call<{ readonly recipe: Recipe; readonly settings: RangeSettings }, RangeOutcome, RangeReport>;
  /** A recipe, as it was written, with what a test suggests; nothing is trained. */
  readonly applyRange: Call<
    { readonly json: Readonly<Record<string, unknown>>; readonly suggestions: RateSuggestions },
    { readonly recipe: Readonly<Record<string, unknown>>; readonly changes: readonly RangeChange[] }
  >;
}
