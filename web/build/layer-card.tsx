/** One layer: its first fields and what it comes to; opened, all its fields and what can be done with it. */
import type { LayerDescription } from '../protocol/build.ts';
import { setFields } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { ParsedField, SelectField } from '../ui/fields.tsx';
import { formatCount, formatShape, formatShort } from '../ui/format.ts';
import { firstLayerFields, isLayerType } from './field-words.ts';
import { FaultOf } from './fold.tsx';
import { duplicateLayer, referencesOf, removeLayer, replaceLayer } from './layer-edits.ts';
import type { EditedLayers, LayerJson } from './layer-edits.ts';
import { layersOf } from './recipe-edits.ts';
import { SectionFields } from './schema-field.tsx';
import { draft } from '../state/draft.ts';

export interface LayerFigures extends LayerDescription {
  /** Of the layer as it was a moment ago. */
  readonly isStale: boolean;
}

interface LayerCardProps {
  readonly layer: LayerJson;
  readonly index: number;
  /** Of all layers. */
  readonly names: readonly string[];
  /** Absent while the model does not fit. */
  readonly figures: LayerFigures | undefined;
  readonly isOpen: boolean;
  readonly isDragged: boolean;
  /** Where the layer that is dragged would come. */
  readonly drop: 'before' | 'after' | undefined;
  readonly onToggle: () => void;
  readonly onEdit: (edited: EditedLayers, label?: string) => void;
  readonly onMove: (to: number) => void;
  readonly onDrag: (clientY: number) => void;
  /** Undefined where the drag was given up. */
  readonly onDrop: (clientY: number | undefined) => void;
}

export function LayerCard(props: LayerCardProps) {
  const { layer, index, names, figures, isOpen, isDragged, drop, onToggle } = props;
  const type = String(layer['type']);
  const name = names[index] ?? '';
  const first = isLayerType(type) ? firstLayerFields[type] : [];
  const wiring = referencesOf(layer);
  return (
    <li class="build-layer" data-dragged={isDragged} data-drop={drop}>
      <div role="group" aria-label={`Layer ${index + 1}, ${name}`}>
        <div class="build-layer-head">
          <Grip {...props} />
          <strong>{type}</strong>
          {typeof layer['name'] === 'string' && <span class="muted small">{layer['name']}</span>}
          <span class="build-layer-figures number" data-stale={figures?.isStale}>
            {figures && (
              <>
                {figures.parameters > 0 && (
                  <span
                    class="muted"
                    title={`${formatCount(figures.parameters)} parameters, ${formatCount(figures.multiplyAdds)} multiply-adds a row`}
                  >
                    {formatShort(figures.parameters)}
                  </span>
                )}
                <span title="Shape of its output">→ {formatShape(figures.outputShape)}</span>
              </>
            )}
          </span>
          <button
            type="button"
            class="build-icon"
            aria-expanded={isOpen}
            aria-label={`All fields of layer ${index + 1}`}
            onClick={onToggle}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M4 6l4 4 4-4" />
            </svg>
          </button>
        </div>
        {(first.length > 0 || wiring.length > 0) && (
          <div class="build-layer-first">
            {wiring.length > 0 && <span class="muted small">{wiring.join(' + ')}</span>}
            <SectionFields section="model.layers" type={type} at={`model.layers.${index}`} only={first} />
          </div>
        )}
        {isOpen && <AllFields {...props} type={type} first={first} />}
      </div>
      <FaultOf part="layers" layer={index} />
    </li>
  );
}

/** The handle by which a layer is moved. */
function Grip({ index, names, onMove, onDrag, onDrop }: LayerCardProps) {
  return (
    <button
      type="button"
      class="build-icon build-grip"
      aria-label={`Move layer ${index + 1}, ${names[index] ?? ''}`}
      title="Drag, or press the arrow keys"
      onKeyDown={(event) => {
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
        event.preventDefault();
        onMove(event.key === 'ArrowUp' ? index - 1 : index + 1);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onDrag(event.clientY);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onDrag(event.clientY);
      }}
      onPointerUp={(event) => onDrop(event.clientY)}
      onPointerCancel={() => onDrop(undefined)}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M6 4v.01M6 8v.01M6 12v.01M10 4v.01M10 8v.01M10 12v.01" />
      </svg>
    </button>
  );
}

interface AllFieldsProps extends LayerCardProps {
  readonly type: string;
  readonly first: readonly string[];
}

function AllFields({ layer, index, names, figures, type, first, onEdit, onMove }: AllFieldsProps) {
  const layers = (): readonly LayerJson[] => layersOf(draft.value);
  const others = names.filter((_, at) => at !== index);
  return (
    <div class="build-layer-all">
      <div class="fields">
        <SectionFields
          section="model.layers"
          type={type}
          at={`model.layers.${index}`}
          except={[...first, 'name', 'input', 'inputs']}
        />
        <ParsedField
          label="Name"
          title="Letters, digits, _ and -; not the name of another layer"
          value={layer['name'] as string | undefined}
          placeholder={names[index] ?? ''}
          optional
          parse={(text) => (/^[A-Za-z][\w-]*$/.test(text) && !others.includes(text) ? text : undefined)}
          format={String}
          onChange={(name) => {
            const { name: _, ...unnamed } = layer;
            const next = name === undefined ? unnamed : { ...layer, name };
            onEdit(replaceLayer(layers(), index, next), `model.layers.${index}.name`);
          }}
        />
        <Wiring layer={layer} index={index} names={names} />
      </div>
      {figures && figures.multiplyAdds > 0 && (
        <p class="small muted number">
          {formatCount(figures.parameters)} parameters · {formatCount(figures.multiplyAdds)} multiply-adds a row
        </p>
      )}
      <div class="button-row">
        <Button kind="quiet" disabled={index === 0} onClick={() => onMove(index - 1)} label={`Layer ${index + 1} up`}>
          Up
        </Button>
        <Button
          kind="quiet"
          disabled={index === names.length - 1}
          onClick={() => onMove(index + 1)}
          label={`Layer ${index + 1} down`}
        >
          Down
        </Button>
        <Button kind="quiet" onClick={() => onEdit(duplicateLayer(layers(), index))}>
          Duplicate
        </Button>
        <Button kind="quiet" disabled={names.length === 1} onClick={() => onEdit(removeLayer(layers(), index))}>
          Remove
        </Button>
      </div>
    </div>
  );
}

/** What the layer takes: the one before it or another; several of them for a sum. */
function Wiring({
  layer,
  index,
  names,
}: {
  readonly layer: LayerJson;
  readonly index: number;
  readonly names: readonly string[];
}) {
  const earlier = ['data', ...names.slice(0, index)];
  const path = `model.layers.${index}`;
  /** A name that is wrong is shown too. */
  const choices = (chosen: string): string[] => (earlier.includes(chosen) ? earlier : [...earlier, chosen]);
  const inputs = referencesOf(layer);
  if (layer['type'] !== 'add') {
    const chosen = inputs[0];
    const before = { value: '', text: 'layer before' };
    return (
      <SelectField
        label="Input"
        value={chosen ?? ''}
        options={[before, ...(chosen === undefined ? earlier : choices(chosen))]}
        onChange={(name) => setFields({ [`${path}.input`]: name === '' ? undefined : name })}
      />
    );
  }
  const change = (next: readonly string[]): void => setFields({ [`${path}.inputs`]: next });
  return (
    <>
      {inputs.map((name, at) => (
        <SelectField
          key={at}
          label={`Input ${at + 1}`}
          value={name}
          options={inputs.length > 2 ? [...choices(name), { value: '', text: 'none' }] : choices(name)}
          onChange={(next) => change(next === '' ? inputs.toSpliced(at, 1) : inputs.with(at, next))}
        />
      ))}
      <SelectField
        label="One more"
        value=""
        options={[{ value: '', text: 'none' }, ...earlier]}
        onChange={(name) => change([...inputs, name])}
      />
    </>
  );
}
