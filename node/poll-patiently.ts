/** How often Dawn asks a device whether work is done: as often as setImmediate lets it, which on a software adapter takes one of its cores. */

/**
 * From now on once in a millisecond, which makes training on software adapters up to a third faster. It replaces the global
 * `setImmediate` by a timer: for programs in which nothing else depends on that.
 */
export function pollPatiently(): void {
  const later = (callback: (...values: unknown[]) => void, ...values: unknown[]) => setTimeout(callback, 1, ...values);
  globalThis.setImmediate = later as unknown as typeof setImmediate;
}
