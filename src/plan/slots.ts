/**
 * Slots: tensors that never live together share memory. A slot is a buffer; two tensors may lie side by side in one as long as no call
 * reads one and writes the other, because a dispatch may not bind a buffer for reading and for writing. Programs never run at the
 * same time, so they share the slots too.
 */
import type { Tensor } from '../ops/emitter.ts';
import { elementCount } from '../formats/shape.ts';
import type { Binding } from '../ops/kernel.ts';
import type { EmittedCall } from './program.ts';

/** Tensors start at multiples of 64 elements: storage bindings start at multiples of 256 bytes. */
const alignment = 64;

export interface Slot {
  readonly name: string;
  readonly dtype: Binding;
  readonly elements: number;
}

/** Where a tensor lies. */
export interface SlotPlace {
  readonly slot: Slot;
  readonly elementOffset: number;
}

export interface SlotPlacement {
  readonly slots: readonly Slot[];
  /** For each program, the place of each of its tensors by name. */
  readonly places: readonly ReadonlyMap<string, SlotPlace>[];
}

/** A tensor of a program and the calls at which it lives: from the first that writes it to the last that uses it. */
interface Lifetime {
  readonly program: number;
  readonly tensor: Tensor;
  readonly elements: number;
  readonly first: number;
  readonly last: number;
  /** The calls that use it, and those of them that write it. */
  readonly uses: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
}

/** A lifetime and the elements of a slot that are its own. */
interface Tenant {
  readonly lifetime: Lifetime;
  readonly elementOffset: number;
}

/** Lifetimes of the slot tensors of one program, in order of birth. */
function lifetimesOf(calls: readonly EmittedCall[], program = 0): readonly Lifetime[] {
  const found = new Map<string, { tensor: Tensor; uses: Set<number>; writes: Set<number> }>();
  for (const [index, { kernel, tensors }] of calls.entries()) {
    for (const [binding, tensor] of Object.entries(tensors)) {
      if (tensor.role !== 'slot') continue;
      const one = found.get(tensor.name) ?? { tensor, uses: new Set(), writes: new Set() };
      found.set(tensor.name, one);
      one.uses.add(index);
      if (binding in kernel.writes) one.writes.add(index);
    }
  }
  return Array.from(found.values(), ({ tensor, uses, writes }) => {
    const elements = elementCount(tensor.shape);
    return { program, tensor, elements, first: Math.min(...uses), last: Math.max(...uses), uses, writes };
  });
}

/**
 * Places the slot tensors of several programs; with `share` false every tensor gets a slot of its own. The largest are placed first, each
 * in the gap that it fills best; a slot never grows. Source: Y. Pisarchyk, J. Lee, Efficient memory management for deep neural net
 * inference (2020), greedy by size, with several buffers for one.
 */
export function placeSlots(programs: readonly (readonly EmittedCall[])[], share: boolean): SlotPlacement {
  const all = programs.flatMap((calls, program) => lifetimesOf(calls, program)).sort((a, b) => b.elements - a.elements);
  const slots: { readonly slot: Slot; readonly tenants: Tenant[] }[] = [];
  const places = programs.map(() => new Map<string, SlotPlace>());
  for (const lifetime of all) {
    const { tensor, program, elements } = lifetime;
    let best: { readonly index: number; readonly elementOffset: number; readonly waste: number } | undefined;
    for (const [index, { slot, tenants }] of slots.entries()) {
      if (!share || slot.dtype !== tensor.dtype) continue;
      const gap = bestGap(tenants, lifetime, slot.elements);
      if (gap !== undefined && (best === undefined || gap.waste < best.waste)) best = { index, ...gap };
    }
    if (best === undefined) {
      slots.push({ slot: { name: `slot${slots.length}`, dtype: tensor.dtype, elements }, tenants: [] });
      best = { index: slots.length - 1, elementOffset: 0, waste: 0 };
    }
    const { slot, tenants } = slots[best.index]!;
    const { elementOffset } = best;
    tenants.push({ lifetime, elementOffset });
    places[program]?.set(tensor.name, { slot, elementOffset });
  }
  return { slots: slots.map(({ slot }) => slot), places };
}

/** The smallest gap between the tenants that live beside a lifetime which takes it; undefined where there is none. */
function bestGap(
  tenants: readonly Tenant[],
  lifetime: Lifetime,
  slotElements: number,
): { readonly elementOffset: number; readonly waste: number } | undefined {
  const beside = tenants.filter((tenant) => livesWith(tenant.lifetime, lifetime));
  if (beside.some((tenant) => clashes(tenant.lifetime, lifetime))) return undefined;
  const ends = beside
    .map(({ elementOffset, lifetime: { elements } }) => ({ start: elementOffset, end: elementOffset + elements }))
    .sort((a, b) => a.start - b.start);
  let best: { readonly elementOffset: number; readonly waste: number } | undefined;
  let elementOffset = 0;
  for (const { start, end } of [...ends, { start: slotElements, end: slotElements }]) {
    const waste = start - elementOffset - lifetime.elements;
    if (waste >= 0 && (best === undefined || waste < best.waste)) best = { elementOffset, waste };
    elementOffset = Math.max(elementOffset, Math.ceil(end / alignment) * alignment);
  }
  return best;
}

function livesWith(a: Lifetime, b: Lifetime): boolean {
  return a.program === b.program && a.first <= b.last && b.first <= a.last;
}

/** Whether a call writes one and reads the other. */
function clashes(a: Lifetime, b: Lifetime): boolean {
  return [...a.uses].some((call) => b.uses.has(call) && a.writes.has(call) !== b.writes.has(call));
}

/** Most elements that live at one call of a program: no placement takes less. */
export function mostLiveElements(calls: readonly EmittedCall[]): number {
  const lifetimes = lifetimesOf(calls);
  return calls.reduce((most, _, index) => {
    const live = lifetimes.filter(({ first, last }) => first <= index && index <= last);
    return Math.max(
      most,
      live.reduce((sum, { elements }) => sum + elements, 0),
    );
  }, 0);
}

/** Elements of all tensors together, as they are where none is shared. */
export function unsharedElements(programs: readonly (readonly EmittedCall[])[]): number {
  return programs.flatMap((calls) => lifetimesOf(calls)).reduce((sum, { elements }) => sum + elements, 0);
}
