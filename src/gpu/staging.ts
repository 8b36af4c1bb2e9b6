/**
 * Staging buffers for reading results back, one for each expected read in flight, made up front, so that nothing is allocated once
 * training runs. Other reads (verification) make their own on first use and keep it.
 */
export interface Staging extends Disposable {
  /** Copies a range of a buffer to the host; ordered after everything submitted before. Offsets and sizes in bytes. */
  read(source: GPUBuffer, byteOffset: number, sizeBytes: number): Promise<ArrayBuffer>;
}

/** `expectedBytes`: the size of each read that may be in flight together with the others. */
export function openStaging(device: GPUDevice, expectedBytes: readonly number[]): Staging {
  const all: GPUBuffer[] = [];
  const free: GPUBuffer[] = [];
  const create = (size: number): GPUBuffer => {
    const buffer = device.createBuffer({
      label: 'staging',
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    all.push(buffer);
    return buffer;
  };
  for (const size of expectedBytes) free.push(create(size));
  free.sort((a, b) => a.size - b.size);

  function take(size: number): GPUBuffer {
    const index = free.findIndex((buffer) => buffer.size >= size);
    const found = index < 0 ? undefined : free.splice(index, 1)[0];
    return found ?? create(size);
  }

  return {
    async read(source, byteOffset, sizeBytes) {
      const buffer = take(sizeBytes);
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, byteOffset, buffer, 0, sizeBytes);
      device.queue.submit([encoder.finish()]);
      await buffer.mapAsync(GPUMapMode.READ, 0, sizeBytes);
      const bytes = buffer.getMappedRange(0, sizeBytes).slice(0);
      buffer.unmap();
      free.push(buffer);
      free.sort((a, b) => a.size - b.size);
      return bytes;
    },
    [Symbol.dispose]() {
      for (const buffer of all) buffer.destroy();
    },
  };
}
