/**
 * What is known about an adapter's fastest launch variants: names by product, kept from run to run in a store that Node or the page hands
 * in. Variants are equal to the bit, so nothing here can change a result.
 */
import * as v from 'valibot';
import type { Kernel, Params } from '../ops/kernel.ts';
import { productVariants } from '../ops/product.ts';
import type { ShaderLibrary } from '../shader/assemble.ts';

/**
 * When variants are measured. `auto`: on real GPUs, for the products of a training that are not known yet. `always`: anew, on any adapter.
 * `never`: not at all, and what is known is not used either.
 */
export type TuneWhen = 'auto' | 'always' | 'never';

/** Keeps one text for each adapter. Where nothing can be kept, `load` finds nothing and `save` does nothing. */
export interface TuningStore {
  load(adapter: string): string | undefined;
  save(adapter: string, text: string): void;
}

export interface TuningOptions {
  readonly when: TuneWhen;
  readonly store?: TuningStore;
  /** Told what was measured, each time that something was. */
  readonly onTuned?: (report: TuningReport) => void;
}

/** What one tuning found out. */
export interface TuningReport {
  readonly seconds: number;
  /** Products that a variant was chosen for, the most work first. */
  readonly products: readonly TunedProduct[];
  /** Sentences: variants that computed other bits than the default one, and products that could not be measured. */
  readonly faults: readonly string[];
  /** Products that the time did not suffice for; the next run takes them up. */
  readonly left: number;
}

export interface TunedProduct {
  readonly product: string;
  readonly variant: string;
  readonly microseconds: number;
  /** The variant that would have run otherwise. */
  readonly standard: string;
  readonly standardMicroseconds: number;
}

/** A device's choices; the store is read when the first one is asked for. */
export interface Tuning {
  readonly when: TuneWhen;
  /** The variant that measured fastest, if that is known. */
  chosen(product: string): string | undefined;
  /** Whether this device has measured the product itself. */
  measured(product: string): boolean;
  keep(product: string, variant: string): void;
  /** Ends a tuning: adds what was kept to the store. */
  finish(report: TuningReport): void;
}

/** The name of a product for choosing its variant; undefined for kernels that are none. */
export function productKey(kernel: Kernel, params: Params): string | undefined {
  if (kernel.product === undefined) return undefined;
  const { rows, cols, depth, members, left, leftShift = 0, right } = kernel.product(params);
  return `${kernel.name} ${rows}x${cols}x${depth}, members ${members}, left ${left} ${leftShift}, right ${right}`;
}

/** `adapter`: name and driver, `version`: of what is measured; what was stored under others is not used. */
export function openTuning({ when, store, onTuned }: TuningOptions, adapter: string, version: string): Tuning {
  const fresh = new Map<string, string>();
  let stored: Readonly<Record<string, string>> | undefined;
  const load = () => readVariants(store?.load(adapter), adapter, version);
  return {
    when,
    chosen(product) {
      if (when === 'never') return undefined;
      stored ??= load();
      return fresh.get(product) ?? (Object.hasOwn(stored, product) ? stored[product] : undefined);
    },
    measured: (product) => fresh.has(product),
    keep: (product, variant) => fresh.set(product, variant),
    finish(report) {
      // Another process may have saved meanwhile.
      const variants = { ...load(), ...Object.fromEntries(fresh) };
      store?.save(adapter, `${JSON.stringify({ adapter, version, variants }, undefined, 2)}\n`);
      onTuned?.(report);
    },
  };
}

/** What a stored text says about this adapter and version; nothing if it is broken or about others. */
function readVariants(text: string | undefined, adapter: string, version: string): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  const schema = v.object({
    adapter: v.literal(adapter),
    version: v.literal(version),
    variants: v.record(v.string(), v.string()),
  });
  try {
    return v.parse(schema, JSON.parse(text)).variants;
  } catch {
    return {};
  }
}

/** Changes with any shader and any tile, by which times are of another program (FNV-1a, Fowler, Noll and Vo). */
export function tuningVersion(shaders: ShaderLibrary): string {
  const text = JSON.stringify([productVariants, Object.entries(shaders).sort(([a], [b]) => (a < b ? -1 : 1))]);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
