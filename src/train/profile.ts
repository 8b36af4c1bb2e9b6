/** How long each kernel of the training program took on a sample of a run's own steps, and the same as a Chrome trace. */

/** A call as tables name it. */
export interface KernelName {
  /** As in the plan. */
  readonly kernel: string;
  readonly layer: string;
  /** The launch variant, where the kernel has several. */
  readonly variant?: string;
}

/** All calls of one kernel in one layer. */
export interface KernelProfile extends KernelName {
  readonly callsPerStep: number;
  /** Of one call: the median over the steps, of the mean over a step's calls. */
  readonly microseconds: number;
  /** Of the step, 0..1. */
  readonly share: number;
  /** Two operations for each multiply-add; only for matrix products. */
  readonly gigaflopsPerSecond?: number;
  /** Of activations, parameters and state, each tensor of a call counted once: what is updated in place moves twice as much. */
  readonly gigabytesPerSecond?: number;
}

/** One call of one step, in microseconds since the first timed call. */
export interface KernelSpan extends KernelName {
  readonly step: number;
  readonly startMicroseconds: number;
  readonly microseconds: number;
}

export interface Profile {
  /** `wall`: the device has no clock of its own to read, so that each call is waited for and its launch counts too. */
  readonly clock: 'timestamps' | 'wall';
  /** Steps whose calls were timed one by one. */
  readonly steps: number;
  /** In order of first use. */
  readonly kernels: readonly KernelProfile[];
  /** Between the calls of a step when each is timed; the medians of a step, as below. */
  readonly gapMicroseconds: number;
  /** From the begin of its first call to the end of its last, each timed. */
  readonly stepMicroseconds: number;
  /** A step in one pass, as steps run when nobody looks; absent if the run was too short to time one. */
  readonly plainStepMicroseconds?: number;
  /** Every timed call, in order; never two at a time. */
  readonly spans: readonly KernelSpan[];
}

/** One event of Chrome's trace format (chrome://tracing, Perfetto): a call, in microseconds, or the name of a row. */
export interface TraceEvent {
  readonly ph: 'X' | 'M';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** The timed calls as a Chrome trace, one row for each layer in order of first use. */
export function profileTrace({ spans }: Profile): { readonly traceEvents: readonly TraceEvent[] } {
  const layers = [...new Set(spans.map(({ layer }) => layer))];
  const rows = layers.map((name, index): TraceEvent => ({
    ph: 'M',
    name: 'thread_name',
    pid: 1,
    tid: index + 1,
    args: { name },
  }));
  // Whole nanoseconds, so that an event's end is not past the next one's begin by a rounding.
  const nanoseconds = (microseconds: number) => Math.round(microseconds * 1000);
  const calls = spans.map(({ kernel, layer, variant, step, startMicroseconds, microseconds }): TraceEvent => {
    const start = nanoseconds(startMicroseconds);
    const end = nanoseconds(startMicroseconds + microseconds);
    return {
      ph: 'X',
      name: kernel,
      pid: 1,
      tid: layers.indexOf(layer) + 1,
      ts: start / 1000,
      dur: (end - start) / 1000,
      args: { step, ...(variant !== undefined && { variant }) },
    };
  });
  return { traceEvents: [...rows, ...calls] };
}
