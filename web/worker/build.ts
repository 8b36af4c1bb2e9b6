/** What a recipe comes to, before anything is trained. */
import { peakDeviceBytes } from '../../src/plan/plan.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { maxBindingBytes } from '../../src/train/device.ts';
import { learningRate } from '../../src/train/schedule.ts';
import type { Duration } from '../../src/train/schedule.ts';
import { prepare } from '../../src/train/session.ts';
import type { BuildCalls, Description } from '../protocol/build.ts';
import type { Handlers } from '../protocol/calls.ts';
import type { Workplace } from './workplace.ts';

/** Points of the curve of the learning rate. */
const curvePoints = 400;

export function buildHandlers({ devices, dataset: load, seenData }: Workplace): Handlers<BuildCalls> {
  return {
    async describe({ recipe }): Promise<Description> {
      const dataset = await load(recipe.data);
      const device = await devices.current();
      const { plan, duration, views, members } = prepare(recipe, dataset, {
        maxBindingBytes: maxBindingBytes(device),
        seenData,
      });
      const { split } = views[0]!;
      const { task, inputShape, outputCount, classNames, notes } = dataset;
      return {
        task,
        inputShape,
        outputCount,
        ...(classNames && { classNames }),
        rows: { train: split.train.length, validation: split.validation.length, test: split.test.length },
        layers: plan.model.layers.map(({ name, type, outputShape, block, multiplyAdds }) => ({
          name,
          type,
          outputShape,
          parameters: block?.elements ?? 0,
          multiplyAdds,
        })),
        parameters: plan.model.parameterCount,
        multiplyAdds: plan.model.multiplyAdds,
        population: plan.population,
        ...duration,
        peakDeviceBytes: peakDeviceBytes(plan),
        schedule: scheduleCurve(members[0]!, duration),
        notes,
      };
    },
  };
}

function scheduleCurve(recipe: Recipe, duration: Duration): Description['schedule'] {
  const count = Math.min(curvePoints, duration.steps);
  const steps = Array.from({ length: count }, (_, index) =>
    Math.round((index * (duration.steps - 1)) / Math.max(1, count - 1)),
  );
  return { steps, rates: steps.map((step) => learningRate(recipe, step, duration)) };
}
