/** The library: train, evaluate and verify recipes on WebGPU or on the CPU path. Knows neither browser nor Node. */
export * from './errors.ts';
export { parseRecipe, overrideRecipe, memberRecipes } from './recipe/parse.ts';
export type { Recipe, RecipeInput } from './recipe/schema.ts';
export { builtInRecipes } from './recipe/built-in.ts';
export { loadDataset } from './data/dataset.ts';
export type { DataFiles, Dataset } from './data/dataset.ts';
export { openGpuDevice } from './gpu/device.ts';
export type { GpuDevice } from './gpu/device.ts';
export { cpuDevice } from './train/device.ts';
export type { CpuDevice, Device } from './train/device.ts';
export { train } from './train/trainer.ts';
export type { Run, TrainOptions } from './train/trainer.ts';
export type * from './train/events.ts';
export { readCheckpoint, readWeights, writeCheckpoint, writeWeights } from './train/checkpoint.ts';
export type { Checkpoint } from './train/checkpoint.ts';
