/** The layers of the draft as cards, in order; they are moved by drag or by the arrow keys on their handles. */
import { batch, signal } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import type { LayerRecipe } from '../../src/recipe/schema.ts';
import { draft, isDescribing, lastKnown, replaceDraft } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { formatBytes, formatCount, formatShort } from '../ui/format.ts';
import { Readout } from '../ui/panel.tsx';
import { imageLayers, layerWords } from './field-words.ts';
import { FaultOf } from './fold.tsx';
import { LayerCard } from './layer-card.tsx';
import type { LayerFigures } from './layer-card.tsx';
import { addLayer, layerNames, moveLayer } from './layer-edits.ts';
import type { EditedLayers, LayerJson } from './layer-edits.ts';
import { descriptionOfData, isSameData } from './known-data.ts';
import { layersOf, startSection, withEditedLayers } from './recipe-edits.ts';

/** Positions of the layers whose cards are open. */
const openLayers = signal<ReadonlySet<number>>(new Set());

function toggleLayer(index: number): void {
  const next = new Set(openLayers.value);
  if (!next.delete(index)) next.add(index);
  openLayers.value = next;
}

/** Changes the layers; cards stay open with the layers that they are about. */
function editLayers(edited: EditedLayers, label?: string): void {
  batch(() => {
    const { origins } = edited;
    openLayers.value = new Set([...origins.keys()].filter((index) => openLayers.value.has(origins[index] ?? -1)));
    replaceDraft(withEditedLayers(draft.value, edited), label);
  });
}

interface Drag {
  readonly from: number;
  readonly to: number;
}

export function LayerList() {
  const layers = layersOf(draft.value);
  const names = layerNames(layers);
  const list = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const [moved, setMoved] = useState('');
  const figures = knownFigures(layers);

  function move(from: number, to: number): void {
    if (to === from || to < 0 || to >= layers.length) return;
    editLayers(moveLayer(layers, from, to));
    setMoved(`${names[from] ?? ''} is now layer ${to + 1} of ${layers.length}.`);
    list.current?.querySelectorAll<HTMLElement>('.build-grip')[to]?.focus();
  }

  /** The place of the pointer among the other cards. */
  function placeAt(clientY: number, from: number): number {
    const cards = [...(list.current?.children ?? [])].filter((_, index) => index !== from);
    return cards.filter((card) => {
      const { top, height } = card.getBoundingClientRect();
      return top + height / 2 < clientY;
    }).length;
  }

  return (
    <section class="build-part" aria-label="Layers">
      <h3>Layers</h3>
      <ol class="build-layers" ref={list}>
        {layers.map((layer, index) => (
          <LayerCard
            key={index}
            layer={layer}
            index={index}
            names={names}
            figures={figures[index]}
            isOpen={openLayers.value.has(index)}
            drop={
              drag === undefined || drag.to !== index || drag.from === index
                ? undefined
                : drag.to < drag.from
                  ? 'before'
                  : 'after'
            }
            isDragged={drag?.from === index}
            onToggle={() => toggleLayer(index)}
            onEdit={editLayers}
            onMove={(to) => move(index, to)}
            onDrag={(clientY) => setDrag({ from: index, to: placeAt(clientY, index) })}
            onDrop={(clientY) => {
              setDrag(undefined);
              if (clientY !== undefined) move(index, placeAt(clientY, index));
            }}
          />
        ))}
      </ol>
      <p class="visually-hidden" aria-live="polite">
        {moved}
      </p>
      <FaultOf part="layers" />
      <AddLayer />
      <Totals />
    </section>
  );
}

/** What each layer comes to, as far as the layers are those of the last draft that fitted; the others are guessed until the answer comes. */
function knownFigures(layers: readonly LayerJson[]): readonly (LayerFigures | undefined)[] {
  if (lastKnown.value === undefined) return [];
  const { of, description } = lastKnown.value;
  const before = layersOf(of);
  const isSame = (index: number): boolean => JSON.stringify(layers[index]) === JSON.stringify(before[index]);
  const changed = isSameData(of) ? layers.findIndex((_, index) => !isSame(index)) : 0;
  const isGuess = isDescribing.value && layers.length === before.length;
  return layers.map((_, index) => {
    const figures = description.layers[index];
    const isKnown = changed < 0 || index < changed;
    return figures === undefined || !(isKnown || isGuess) ? undefined : { ...figures, isStale: !isKnown };
  });
}

/** Where a layer most likely fits: behind the images if it takes one, else before the layer that gives the outputs. */
function placeOfNew(type: LayerRecipe['type'], layers: readonly LayerJson[]): number {
  if (imageLayers.includes(type) && descriptionOfData()?.inputShape.length === 3) {
    const afterImages = knownFigures(layers).findIndex((figures) => figures?.outputShape.length !== 3);
    return afterImages < 0 ? layers.length : afterImages;
  }
  return layers.at(-1)?.['type'] === 'dense' ? layers.length - 1 : layers.length;
}

/** Opens the card of the layer too. */
function add(type: LayerRecipe['type']): void {
  const layers = layersOf(draft.value);
  const index = placeOfNew(type, layers);
  const before = layerNames(layers).slice(0, index);
  const start = startSection('model.layers', type);
  const layer = type === 'add' ? { ...start, inputs: [before.at(-2) ?? 'data', before.at(-1) ?? 'data'] } : start;
  batch(() => {
    editLayers(addLayer(layers, index, layer));
    openLayers.value = new Set([...openLayers.value, index]);
  });
}

function AddLayer() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="build-add">
      <Button onClick={() => setOpen(!isOpen)} pressed={isOpen}>
        Add a layer
      </Button>
      {isOpen && (
        <ul class="build-menu" aria-label="Kinds of layers">
          {Object.entries(layerWords).map(([type, words]) => (
            <li key={type}>
              <button
                type="button"
                onClick={() => {
                  setOpen(false);
                  add(type as LayerRecipe['type']);
                }}
              >
                <strong>{type}</strong> <span class="muted">{words}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Totals() {
  if (lastKnown.value === undefined) return null;
  const { parameters, multiplyAdds, steps, stepsPerEpoch, peakDeviceBytes, population } = lastKnown.value.description;
  return (
    <dl class="readouts build-totals" data-stale={lastKnown.value.of !== draft.value}>
      <Readout label="Parameters" title={formatCount(parameters)}>
        {formatShort(parameters)}
      </Readout>
      <Readout label="Multiply-adds a row" title={formatCount(multiplyAdds)}>
        {formatShort(multiplyAdds)}
      </Readout>
      <Readout label="Steps" title={`${formatCount(stepsPerEpoch)} an epoch`}>
        {formatCount(steps)}
      </Readout>
      <Readout label="Device memory">{formatBytes(peakDeviceBytes)}</Readout>
      {population > 1 && <Readout label="Members">{formatCount(population)}</Readout>}
    </dl>
  );
}
