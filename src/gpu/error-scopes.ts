/**
 * What a device says to commands. Its error scopes are one stack for everybody who uses it: who waited between opening a scope and closing it
 * would be given the faults of others, and they its own.
 */
export interface Faults {
  readonly invalid: GPUError | null;
  readonly exhausted: GPUError | null;
}

/** Gives commands, all at once. Their faults are known once the device has looked at them, and told to nobody else. */
export function inErrorScopes<T>(
  device: GPUDevice,
  commands: () => T,
): { readonly made: T; readonly faults: Promise<Faults> } {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let made: T;
  try {
    made = commands();
  } catch (cause) {
    popBoth(device).catch(() => undefined);
    throw cause;
  }
  const faults = popBoth(device);
  // Handled where it is awaited.
  faults.catch(() => undefined);
  return { made, faults };
}

async function popBoth(device: GPUDevice): Promise<Faults> {
  const [invalid, exhausted] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  return { invalid, exhausted };
}
