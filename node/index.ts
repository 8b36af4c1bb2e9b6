/** Descent in Node: devices and files for the library. */
export { openDevice } from './device.ts';
export type { DeviceOptions } from './device.ts';
export { listAdapters } from './adapters.ts';
export type { AdapterDescription } from './adapters.ts';
export { openDataFiles } from './files.ts';
export { pollPatiently } from './poll-patiently.ts';
export { shaderLibrary } from '../shaders/index.ts';
