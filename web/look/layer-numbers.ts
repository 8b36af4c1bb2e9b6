/** How large the weights of each layer are, how fast they change, and how many of its units are dead. */
import type { MemberObservation } from '../../src/train/observe.ts';

export interface LayerNumbers {
  readonly layer: string;
  /** Root mean square of the weights, and that of their update as a share of it. */
  readonly rms?: number;
  readonly updateRatio?: number;
  readonly dead?: number;
}

/** What is known of each layer with weights or with units that can die. */
export function layerNumbers({ tensors, deadUnits }: MemberObservation): LayerNumbers[] {
  const layers = new Set([...tensors.filter(({ kind }) => kind === 'weight'), ...deadUnits].map(({ layer }) => layer));
  return Array.from(layers, (layer) => {
    const weight = tensors.find((each) => each.kind === 'weight' && each.layer === layer);
    const update = tensors.find((each) => each.kind === 'update' && each.name === weight?.name);
    const dead = deadUnits.find((each) => each.layer === layer)?.share;
    return {
      layer,
      ...(weight && { rms: weight.rms }),
      ...(weight && update && { updateRatio: update.rms / weight.rms }),
      ...(dead !== undefined && { dead }),
    };
  });
}
