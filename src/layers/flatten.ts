/** Flatten: another shape for the same numbers in the same place; nothing runs. Dense layers flatten by themselves. */
import { elementCount } from '../formats/shape.ts';
import type { Layer, LayerPlace } from './layer.ts';

export function flattenLayer({ name, inputShape }: LayerPlace): Layer {
  return {
    name,
    type: 'flatten',
    outputShape: [elementCount(inputShape)],
    multiplyAdds: 0,
    forward: (_, [x]) => ({ y: x, backward: (dy) => dy }),
  };
}
