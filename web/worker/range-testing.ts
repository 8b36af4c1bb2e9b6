/** The learning-rate range test, and what it suggests put into a recipe. */
import { InterruptedError } from '../../src/errors.ts';
import { applyRange } from '../../src/lr-find/apply-range.ts';
import { endReasons, listSuggestions } from '../../src/lr-find/describe.ts';
import { rangeTest } from '../../src/lr-find/range-test.ts';
import type { RangeTest } from '../../src/lr-find/range-test.ts';
import type { Handlers } from '../protocol/calls.ts';
import type { RangeResult, RangeTestingCalls } from '../protocol/range-testing.ts';
import type { Workplace } from './workplace.ts';

export function rangeTestingHandlers(workplace: Workplace): Handlers<RangeTestingCalls> {
  return {
    testRange: ({ recipe, settings }, { signal, emit }) =>
      workplace.work('a range test', async (device) => {
        const dataset = await workplace.dataset(recipe.data);
        try {
          const test = await rangeTest(recipe, {
            ...settings,
            device,
            dataset,
            signal,
            chunkMilliseconds: workplace.chunkBudget(device),
            onStart: ({ steps, notes }) => emit({ type: 'start', steps, notes }),
            onProgress: ({ last, samplesPerSecond }) => emit({ type: 'progress', point: last, samplesPerSecond }),
          });
          return { state: 'finished', result: describeTest(test) };
        } catch (cause) {
          if (cause instanceof InterruptedError) return { state: 'stopped' };
          throw cause;
        }
      }),
    applyRange: ({ json, suggestions }) => applyRange(json, suggestions),
  };
}

function describeTest(test: RangeTest): RangeResult {
  const { points, steps, stepsPerEpoch, smoothing, adapter, seconds, ended, suggestions } = test;
  return {
    points,
    steps,
    stepsPerEpoch,
    smoothing,
    adapter,
    seconds,
    ...(ended !== 'complete' && { ended: endReasons[ended] }),
    suggestions,
    suggested: listSuggestions(test),
  };
}
