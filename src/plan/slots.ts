/**
 * Slots: tensors that never live together share a buffer. Each slot is a buffer of its own, because one dispatch may not bind a buffer
 * for reading and for writing. Programs never run at the same time, so they share the slots too.
 */
import type { Tensor } from '../ops/emitter.ts';
import { elementCount } from '../formats/shape.ts';
import type { Binding } from '../ops/kernel.ts';
import type { EmittedCall } from './emit.ts';

export interface Slot {
  readonly name: string;
  readonly dtype: Binding;
  elements: number;
}

/**
 * Places the slot tensors of one program. `slots` is shared by the programs and grows; with `share` false every tensor gets its own.
 * Linear scan in call order: a tensor lives from the call that first writes it to the last that uses it.
 */
export function placeSlots(calls: readonly EmittedCall[], slots: Slot[], share: boolean): Map<Tensor, Slot> {
  const lastUse = new Map<Tensor, number>();
  for (const [index, call] of calls.entries()) {
    for (const tensor of Object.values(call.tensors)) if (tensor.role === 'slot') lastUse.set(tensor, index);
  }
  const placed = new Map<Tensor, Slot>();
  const free = share ? new Set(slots) : new Set<Slot>();
  for (const [index, call] of calls.entries()) {
    const tensors = Object.values(call.tensors).filter((tensor) => tensor.role === 'slot');
    for (const tensor of tensors) {
      if (placed.has(tensor)) continue;
      const slot = takeSlot(tensor, free, slots);
      free.delete(slot);
      placed.set(tensor, slot);
    }
    if (!share) continue;
    for (const tensor of tensors) {
      const slot = placed.get(tensor);
      if (lastUse.get(tensor) === index && slot !== undefined) free.add(slot);
    }
  }
  return placed;
}

/** The smallest free slot that is large enough; else the largest free one, grown; else a new one. */
function takeSlot(tensor: Tensor, free: ReadonlySet<Slot>, slots: Slot[]): Slot {
  const elements = elementCount(tensor.shape);
  const candidates = [...free].filter((slot) => slot.dtype === tensor.dtype).sort((a, b) => a.elements - b.elements);
  const chosen = candidates.find((slot) => slot.elements >= elements) ?? candidates.at(-1);
  if (chosen !== undefined) {
    chosen.elements = Math.max(chosen.elements, elements);
    return chosen;
  }
  const slot = { name: `slot${slots.length}`, dtype: tensor.dtype, elements };
  slots.push(slot);
  return slot;
}
