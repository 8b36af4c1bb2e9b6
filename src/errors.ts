/**
 * Every error that Descent raises on purpose. Each carries one clear sentence (what, where, the cure) and the kind that
 * decides the exit code of the command line; anything else that is thrown is a bug.
 */

export type ErrorKind = 'input' | 'device' | 'check' | 'interrupted';

/** Base of all errors with a sentence for the user. `kind` maps to exit codes: input 2, device 3, check 1, interrupted 130. */
export abstract class DescentError extends Error {
  abstract readonly kind: ErrorKind;
  override get name(): string {
    return this.constructor.name;
  }
}

/** A recipe, option or run folder that says something impossible. `place` is a path such as `model.layers[2].units`. */
export class RecipeError extends DescentError {
  readonly kind = 'input';
  constructor(
    readonly place: string,
    message: string,
  ) {
    super(place === '' ? message : `${place}: ${message}`);
  }
}

/** A data file, weight file or run folder whose content is missing, truncated, corrupt or out of range. */
export class DataError extends DescentError {
  readonly kind = 'input';
  constructor(
    readonly place: string,
    message: string,
  ) {
    super(`${place}: ${message}`);
  }
}

/** A layer that does not fit what comes before it. */
export class ShapeError extends DescentError {
  readonly kind = 'input';
  constructor(
    readonly layer: string,
    message: string,
  ) {
    super(`${layer}: ${message}`);
  }
}

/** A model, batch or population beyond what the adapter allows; the sentence says what would fit. */
export class LimitError extends DescentError {
  readonly kind = 'input';
}

/** No adapter, a lost device, or an adapter without a needed feature. */
export class DeviceError extends DescentError {
  readonly kind = 'device';
}

/** A shader that does not assemble or compile: a fault of the project, with file and line. */
export class ShaderError extends DescentError {
  readonly kind = 'check';
}

/** A run that was asked to stop; its last checkpoint is written. */
export class InterruptedError extends DescentError {
  readonly kind = 'interrupted';
  constructor(
    readonly step: number,
    cure = '',
  ) {
    super(`interrupted after step ${step}. ${cure}`.trimEnd());
  }
}

/** A checker (verify, gradcheck, conformance) that found a difference. */
export class CheckError extends DescentError {
  readonly kind = 'check';
}

/** NaN or infinity in the loss: the step that shows it first and the first layer whose numbers are not finite. */
export class NonFiniteError extends DescentError {
  readonly kind = 'check';
  constructor(
    readonly step: number,
    readonly layer: string,
    message: string,
  ) {
    super(message);
  }
}

/** What went wrong, in a sentence where an Error says one. */
export const sayCause = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
