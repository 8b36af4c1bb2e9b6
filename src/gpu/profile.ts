/**
 * Timestamps of compute passes. What the device writes is nanoseconds on its own clock; neither a unit's start nor whether passes
 * overlap is promised, so only differences mean something.
 */

/** WebGPU's largest query set; each pass takes two queries. */
const mostQueries = 4096;
const bytesPerQuery = 8;

export interface Timestamps extends Disposable {
  /** Two nanosecond counts for each pass, begin and end, once `resolve` has run: a `u64` each. */
  readonly resolved: GPUBuffer;
  /** What the next pass is begun with. */
  next(): GPUComputePassTimestampWrites;
  /** Gathers the timestamps; encoded after the last pass. */
  resolve(encoder: GPUCommandEncoder): void;
}

/** Whether the device tells the time; `availableFeatures` asks for it wherever the adapter can. */
export function hasTimestamps(device: GPUDevice): boolean {
  return device.features.has('timestamp-query');
}

/** Room for the timestamps of so many passes. */
export function openTimestamps(device: GPUDevice, passCount: number): Timestamps {
  const queryCount = 2 * passCount;
  const sets = Array.from({ length: Math.ceil(queryCount / mostQueries) }, (_, index) =>
    device.createQuerySet({
      label: 'timestamps',
      type: 'timestamp',
      count: Math.min(mostQueries, queryCount - index * mostQueries),
    }),
  );
  const resolved = device.createBuffer({
    label: 'timestamps',
    size: queryCount * bytesPerQuery,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  let used = 0;
  return {
    resolved,
    next() {
      const querySet = sets[Math.floor(used / mostQueries)];
      if (querySet === undefined) throw new Error(`there is room for the timestamps of ${passCount} passes only`);
      const beginningOfPassWriteIndex = used % mostQueries;
      used += 2;
      return { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex: beginningOfPassWriteIndex + 1 };
    },
    resolve(encoder) {
      for (const [index, set] of sets.entries()) {
        encoder.resolveQuerySet(set, 0, set.count, resolved, index * mostQueries * bytesPerQuery);
      }
    },
    [Symbol.dispose]() {
      for (const set of sets) set.destroy();
      resolved.destroy();
    },
  };
}
