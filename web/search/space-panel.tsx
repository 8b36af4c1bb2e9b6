/** The space of the search: a row for each field of the draft that is varied. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Dimension } from '../../src/recipe/search-schema.ts';
import { checked, draft, replaceDraft, setFields } from '../state/draft.ts';
import { Button } from '../ui/button.tsx';
import { Field, NumberField, SelectField } from '../ui/fields.tsx';
import { EmptyState, Panel } from '../ui/panel.tsx';
import { changeKind, changeSpace, kindOf, kinds, kindWords, parseValues, rangeOf } from './space-fields.ts';
import { sayListed, startingSearch, suggestFields, valuesOf } from './space-fields.ts';
import type { Space, SpaceField } from './space-fields.ts';

/** The space as it was written, which may be wrong. */
function draftSpace(): Space {
  const { search } = draft.value;
  const space = typeof search === 'object' && search !== null && 'space' in search ? search.space : undefined;
  return typeof space === 'object' && space !== null ? (space as Space) : {};
}

export function SpacePanel() {
  const space = draftSpace();
  const entries = Object.entries(space);
  const suggested = 'recipe' in checked.value ? suggestFields(checked.value.recipe) : [];
  const free = suggested.filter(({ path }) => !(path in space));
  const next = free[0];
  const isEmpty = entries.length === 0;
  return (
    <Panel
      title="What to vary"
      actions={
        !isEmpty && (
          <Button kind="quiet" onClick={leaveSearch}>
            Clear
          </Button>
        )
      }
    >
      {isEmpty ? (
        <EmptyState title="Nothing is varied yet">
          <p>
            A search trains the recipe with many settings at once and compares them on rows that are set aside for it.
            The test rows stay unseen.
          </p>
          <Button kind="primary" disabled={!('recipe' in checked.value)} onClick={beginSearch}>
            Search the learning rate and l2
          </Button>
        </EmptyState>
      ) : (
        <div class="stack">
          <ul class="search-space" aria-label="Fields that are varied">
            {entries.map(([path, dimension], place) => (
              <SpaceRow
                key={place}
                path={path}
                dimension={dimension}
                suggested={suggested.filter((field) => field.path === path || !(field.path in space))}
                onChange={(entry) => setFields({ 'search.space': changeSpace(space, place, entry) })}
              />
            ))}
          </ul>
          <div>
            <Button
              disabled={next === undefined}
              onClick={() => {
                if (next === undefined) return;
                setFields({ 'search.space': changeSpace(space, entries.length, [next.path, next.dimension]) });
              }}
            >
              Vary another field
            </Button>
          </div>
        </div>
      )}
    </Panel>
  );
}

function beginSearch(): void {
  if ('recipe' in checked.value) setFields(startingSearch(checked.value.recipe));
}

function leaveSearch(): void {
  const { search: _search, ...others } = draft.value;
  replaceDraft(others);
}

interface SpaceRowProps {
  readonly path: string;
  readonly dimension: Dimension;
  readonly suggested: readonly SpaceField[];
  /** Undefined takes the row away. */
  readonly onChange: (entry: [string, Dimension] | undefined) => void;
}

/** In the menu of fields. */
const otherField = 'other';

function SpaceRow({ path, dimension, suggested, onChange }: SpaceRowProps) {
  const isOther = useSignal(false);
  const kind = kindOf(dimension);
  const range = rangeOf(dimension);
  const isKnown = suggested.some((field) => field.path === path);
  const name = suggested.find((field) => field.path === path)?.text ?? path;
  return (
    <li class="search-row" aria-label={name}>
      {isOther.value ? (
        <PathField
          path={path}
          onDone={(next) => {
            isOther.value = false;
            if (next !== path && next !== '') onChange([next, dimension]);
          }}
        />
      ) : (
        <SelectField
          label="Field"
          title={path}
          value={path}
          options={[
            ...suggested.map((field) => ({ value: field.path, text: field.text })),
            ...(isKnown ? [] : [{ value: path, text: path }]),
            { value: otherField, text: 'Other field …' },
          ]}
          onChange={(chosen) => {
            const field = suggested.find((each) => each.path === chosen);
            if (chosen === otherField) isOther.value = true;
            else if (field !== undefined) onChange([field.path, field.dimension]);
          }}
        />
      )}
      <SelectField
        label="How"
        value={kind}
        options={kinds.map((value) => ({ value, text: kindWords[value] }))}
        onChange={(chosen) => onChange([path, changeKind(dimension, chosen)])}
      />
      {range === undefined ? (
        <ValuesField values={valuesOf(dimension)} onChange={(values) => onChange([path, { [kind]: [...values] }])} />
      ) : (
        <div class="search-range">
          <NumberField
            label="From"
            value={range[0]}
            onChange={(from) => onChange([path, { [kind]: [from, range[1]] }])}
          />
          <NumberField label="To" value={range[1]} onChange={(to) => onChange([path, { [kind]: [range[0], to] }])} />
        </div>
      )}
      <Button kind="quiet" label={`Do not vary ${name}`} onClick={() => onChange(undefined)}>
        ×
      </Button>
      <code class="small muted search-path">{path}</code>
    </li>
  );
}

interface PathFieldProps {
  readonly path: string;
  readonly onDone: (path: string) => void;
}

/** Any field, by its dotted path. */
function PathField({ path, onDone }: PathFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <Field label="Field, as a dotted path">
      <input
        ref={input}
        defaultValue={path}
        spellcheck={false}
        onBlur={({ currentTarget }) => onDone(currentTarget.value.trim())}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') currentTarget.blur();
          if (key === 'Escape') onDone(path);
        }}
      />
    </Field>
  );
}

interface ValuesFieldProps {
  readonly values: readonly unknown[];
  readonly onChange: (values: readonly unknown[]) => void;
}

/** A list, as it is typed: `32, 64`, `relu, tanh`. */
function ValuesField({ values, onChange }: ValuesFieldProps) {
  const [text, setText] = useState(sayListed(values));
  const typed = useRef(JSON.stringify(values));
  useEffect(() => {
    const now = JSON.stringify(values);
    if (typed.current !== now) setText(sayListed(values));
    typed.current = now;
  }, [values]);
  const isBad = parseValues(text).length === 0;
  return (
    <Field label="Values" title="Separated by commas">
      <input
        value={text}
        spellcheck={false}
        aria-invalid={isBad}
        onInput={({ currentTarget: { value } }) => {
          setText(value);
          const parsed = parseValues(value);
          if (parsed.length === 0) return;
          typed.current = JSON.stringify(parsed);
          onChange(parsed);
        }}
      />
    </Field>
  );
}
