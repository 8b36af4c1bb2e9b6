/**
 * The program `observe`: a step of training with statistics of its activations, gradients, weights and updates between its calls. It trains
 * to the same bits, since what is added only reads what training writes.
 */
import type { Model } from '../model/model.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import {
  deadUnits,
  deadUnitsLaunch,
  regionColumns,
  sampleRegion,
  samplesPerMember,
  statisticsStride,
  takeSamples,
  tensorStatistics,
  wholeStride,
} from '../ops/statistics.ts';
import type { Region } from '../ops/statistics.ts';
import type { Binding } from '../ops/kernel.ts';
import type { LayerRecipe } from '../recipe/schema.ts';

export type ObservedKind = 'weight' | 'gradient' | 'update' | 'activation';

/** A tensor whose statistics are taken: its region has its position in the list. */
export interface ObservedTensor {
  readonly name: string;
  readonly layer: string;
  readonly kind: ObservedKind;
  readonly region: Region;
}

/** A layer whose units can die: where each member's counts of dead ones lie in `statistics`. */
export interface ObservedUnits {
  readonly layer: string;
  readonly units: number;
  readonly place: number;
  /** Counts of one member, to be added up, and elements from one member's to the next. */
  readonly blocks: number;
  readonly memberStride: number;
}

/** What the program leaves in the table `statistics`: a row for each tensor and member, then the counts of dead units. */
export interface ObservationLayout {
  readonly tensors: readonly ObservedTensor[];
  readonly units: readonly ObservedUnits[];
}

export interface ObservationBuffer {
  readonly name: string;
  readonly dtype: Binding;
  readonly elements: number;
  readonly readBack: boolean;
}

/** Emits statistics between the calls of a step. */
export interface Observer {
  /** After a layer's forward pass, while its output is there. */
  layerDone(program: Emitter, index: number, inputs: readonly Tensor[], y: Tensor): void;
  /** After the backward pass: gradients as they come out of it, without the L2 penalty and before clipping. */
  gradientsDone(program: Emitter): void;
  updateDone(program: Emitter): void;
  /** What was emitted, and the buffers that it needs. */
  finish(): { readonly layout: ObservationLayout; readonly buffers: readonly ObservationBuffer[] };
}

/** `layers` are the recipe's, which tell the activation of each. */
export function openObserver(model: Model, layers: readonly LayerRecipe[], population: number): Observer {
  const most = samplesPerMember(population);
  const parameters = model.blocks.flatMap(({ name: layer, arenaOffset, tensors }) =>
    tensors.map(({ name, shape, offset }) => {
      return { name, layer, region: sampleRegion(shape, arenaOffset + offset, model.memberStride, most) };
    }),
  );
  const parameterCount = parameters.length;
  const sampleCount = parameters.reduce((sum, { region }) => sum + region.count, 0);
  let sampleOffset = 0;
  const updates = parameters.map((parameter) => {
    const { count } = parameter.region;
    const region = { offset: sampleOffset, count, stride: wholeStride, memberStride: sampleCount };
    sampleOffset += count;
    return { ...parameter, region, kind: 'update' as const };
  });
  const tensors: ObservedTensor[] = [
    ...parameters.map((parameter) => ({ ...parameter, kind: 'weight' as const })),
    ...parameters.map((parameter) => ({ ...parameter, kind: 'gradient' as const })),
    ...updates,
  ];
  const first = { weight: 0, gradient: parameterCount, update: 2 * parameterCount };
  // Behind the rows of all tensors that there may be.
  let place = (3 * parameterCount + model.layers.length) * population * statisticsStride;
  const units: ObservedUnits[] = [];

  const table = (name: string, dtype: Binding): Tensor => {
    return { name, dtype, shape: [], role: 'table', buffer: name, elementOffset: 0 };
  };
  const regions = table('regions', 'u32');
  const statistics = table('statistics', 'f32');
  const samples = table('samples', 'f32');

  const describe = (program: Emitter, values: Tensor, firstRegion: number, regionCount: number): void => {
    if (regionCount === 0) return;
    program.call(tensorStatistics, { values, regions, statistics }, { firstRegion, regionCount, population });
  };
  const take = (program: Emitter, subtract: 0 | 1): void => {
    if (parameterCount === 0) return;
    const values = program.table('parameters');
    const ranges = { firstSource: first.weight, firstTarget: first.update, regionCount: parameterCount };
    program.call(takeSamples, { values, regions, samples }, { ...ranges, subtract, population });
  };

  return {
    layerDone(program, index, inputs, y) {
      const { name, outputShape } = model.layers[index]!;
      // What only passes on its input was looked at there.
      if (inputs.some((input) => input.name === y.name)) return;
      const isShared = y.shape[0] === 1;
      const elements = program.batch * elementCount(outputShape);
      const region = sampleRegion([program.batch, ...outputShape], 0, isShared ? 0 : elements, most);
      tensors.push({ name, layer: name, kind: 'activation', region });
      describe(program, y, tensors.length - 1, 1);
      if (!canDie(layers[index])) return;
      const channels = outputShape.at(-1) ?? 1;
      const rows = elements / channels;
      const { blocks, ...looked } = deadUnitsLaunch(rows, channels, population);
      const members = isShared ? 1 : population;
      program.call(deadUnits, { y, statistics }, { rows, channels, ...looked, place, population: members });
      units.push({ layer: name, units: channels, place, blocks, memberStride: isShared ? 0 : blocks });
      place += members * blocks;
    },
    gradientsDone(program) {
      describe(program, program.table('gradients'), first.gradient, parameterCount);
      take(program, 0);
    },
    updateDone(program) {
      describe(program, program.table('parameters'), first.weight, parameterCount);
      take(program, 1);
      describe(program, samples, first.update, parameterCount);
    },
    finish() {
      return {
        layout: { tensors, units },
        buffers: [
          { name: 'regions', dtype: 'u32', elements: tensors.length * regionColumns.length, readBack: false },
          { name: 'samples', dtype: 'f32', elements: population * sampleCount, readBack: false },
          { name: 'statistics', dtype: 'f32', elements: place, readBack: true },
        ],
      };
    },
  };
}

/** Whether a unit of the layer can be 0 for every row, and then has no gradient. */
function canDie(layer: LayerRecipe | undefined): boolean {
  return layer !== undefined && 'activation' in layer && layer.activation === 'relu';
}
