/**
 * What a device is asked for, alike in Node and in the browser. WebGPU hands out small default limits unless the
 * adapter's own are named, and fails on a feature that is not there.
 */

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/** The adapter's maximum of every limit that compute work can meet: bytes, buffers or invocations by name. */
export function requiredLimits(adapter: GPUAdapter): Record<string, number> {
  return Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
}

/** Those of the features Descent has a use for that the adapter has. */
export function availableFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  return FEATURES.filter((name) => adapter.features.has(name));
}

/** The descriptor every device of Descent is requested with. An adapter gives one device only. */
export function deviceDescriptor(adapter: GPUAdapter, label: string): GPUDeviceDescriptor {
  return { label, requiredLimits: requiredLimits(adapter), requiredFeatures: availableFeatures(adapter) };
}
