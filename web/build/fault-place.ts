/** Where in the editor a sentence about a fault belongs. */
import type { Recipe } from '../../src/recipe/schema.ts';
import { placeOfField } from './field-words.ts';
import type { Part } from './field-words.ts';

export interface FaultPlace {
  /** Undefined where the sentence is about none of them: it stands at the top. */
  readonly part?: Part;
  /** Position of a layer. */
  readonly layer?: number;
}

/** The path that the sentence begins with, such as `model.layers[2].units`. */
export function pathOfFault(sentence: string): string {
  return /^[A-Za-z]\w*(?:\.\w+|\[\d+\])*/.exec(sentence)?.[0] ?? '';
}

export function placeOfFault(sentence: string): FaultPlace {
  const path = pathOfFault(sentence);
  const layer = /^model\.layers\[(\d+)\]/.exec(path)?.[1];
  if (layer !== undefined) return { part: 'layers', layer: Number(layer) };
  const field = /^\w+/.exec(path)?.[0] ?? '';
  const part = Object.hasOwn(placeOfField, field) ? placeOfField[field as keyof Recipe] : undefined;
  return part === undefined || part === 'search view' || part === 'only in JSON' ? {} : { part };
}
