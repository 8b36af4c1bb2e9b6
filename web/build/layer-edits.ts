/**
 * Changes to the list of layers. Layers are wired by name, and a layer without a name is called by its type and number, which changes when
 * others come or go: whoever refers to a layer goes on referring to the same one.
 */
export type LayerJson = Readonly<Record<string, unknown>>;

/** A layer of the new list, and its place in the old one if it was there. */
interface Placed {
  readonly layer: LayerJson;
  readonly from?: number;
}

export interface EditedLayers {
  readonly layers: readonly LayerJson[];
  /** For each layer of the new list its place in the old list, -1 for one that was not there. */
  readonly origins: readonly number[];
}

const place = (layers: readonly LayerJson[]): Placed[] => layers.map((layer, from) => ({ layer, from }));

/** The names that the layers go by. */
export function layerNames(layers: readonly LayerJson[]): string[] {
  const counts = new Map<string, number>();
  return layers.map(({ type, name }) => {
    const number = (counts.get(String(type)) ?? 0) + 1;
    counts.set(String(type), number);
    return typeof name === 'string' ? name : `${String(type)}${number}`;
  });
}

export function addLayer(layers: readonly LayerJson[], index: number, layer: LayerJson): EditedLayers {
  return rewire(layers, place(layers).toSpliced(index, 0, { layer }));
}

/** A copy behind the layer, which takes its input from it; the name is not to be shared. */
export function duplicateLayer(layers: readonly LayerJson[], index: number): EditedLayers {
  const { name: _name, input: _input, ...layer } = layers[index] ?? {};
  return rewire(layers, place(layers).toSpliced(index + 1, 0, { layer }));
}

/** Whoever took the output of the layer takes its input instead. */
export function removeLayer(layers: readonly LayerJson[], index: number): EditedLayers {
  const removed = layers[index];
  if (removed === undefined) return rewire(layers, place(layers));
  const names = layerNames(layers);
  const source = referencesOf(removed)[0] ?? names[index - 1] ?? 'data';
  const bypassed = layers.map((layer, at) => {
    const takesTheOneBefore = at === index + 1 && referencesOf(layer).length === 0;
    // What came from elsewhere would else come from the layer before.
    if (takesTheOneBefore && removed['input'] !== undefined) return { ...layer, input: source };
    return renameReferences(layer, (name) => (name === names[index] ? source : name));
  });
  return rewire(bypassed, place(bypassed).toSpliced(index, 1));
}

export function moveLayer(layers: readonly LayerJson[], from: number, to: number): EditedLayers {
  const moved = place(layers);
  return rewire(layers, moved.toSpliced(from, 1).toSpliced(to, 0, ...moved.slice(from, from + 1)));
}

/** Puts another layer in the place of one; a new name of it is followed. */
export function replaceLayer(layers: readonly LayerJson[], index: number, layer: LayerJson): EditedLayers {
  return rewire(layers, place(layers).with(index, { layer, from: index }));
}

function rewire(before: readonly LayerJson[], after: readonly Placed[]): EditedLayers {
  const names = layerNames(after.map(({ layer }) => layer));
  const renamed = new Map<string, string>();
  const oldNames = layerNames(before);
  for (const [index, { from }] of after.entries()) {
    if (from !== undefined) renamed.set(oldNames[from] ?? '', names[index] ?? '');
  }
  return {
    layers: after.map(({ layer }) => renameReferences(layer, (name) => renamed.get(name) ?? name)),
    origins: after.map(({ from = -1 }) => from),
  };
}

/** The names of the layers that a layer says it takes its input from. */
export function referencesOf({ input, inputs }: LayerJson): readonly string[] {
  if (Array.isArray(inputs)) return inputs.map(String);
  return typeof input === 'string' ? [input] : [];
}

function renameReferences(layer: LayerJson, rename: (name: string) => string): LayerJson {
  return {
    ...layer,
    ...(typeof layer['input'] === 'string' && { input: rename(layer['input']) }),
    ...(Array.isArray(layer['inputs']) && { inputs: layer['inputs'].map((name) => rename(String(name))) }),
  };
}
