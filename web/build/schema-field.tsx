/** Fields of the draft as inputs, made from what the schema says of them; defaults are shown where the recipe says nothing. */
import { fieldsOf } from '../../src/recipe/fields.ts';
import type { RecipeField } from '../../src/recipe/fields.ts';
import { isObject, valueAt } from '../../src/recipe/paths.ts';
import { draft, setFields } from '../state/draft.ts';
import { CheckField, NumberField, ParsedField, SelectField } from '../ui/fields.tsx';
import { absenceOf, hintOf, labelOf } from './field-words.ts';
import { startSection } from './recipe-edits.ts';
import { readExtent, readShare, readTexts, readWeights, sayExtent, sayList, sayShare } from './field-texts.ts';

interface SectionFieldsProps {
  /** Of the schema, such as `optimizer`. */
  readonly section: string;
  readonly type?: string;
  /** Of the draft where it is another path, such as `model.layers.0`. */
  readonly at?: string;
  /** Only these, in this order. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  /** In place of writing the field of the draft. */
  readonly onChange?: (name: string, value: unknown) => void;
}

/** All fields of a section, or some of them. */
export function SectionFields({ section, type, at = section, only, except = [], onChange }: SectionFieldsProps) {
  const fields = fieldsOf(section, type).filter(({ name }) => !except.includes(name));
  const shown = only === undefined ? fields : only.flatMap((name) => fields.filter((field) => field.name === name));
  return (
    <>
      {shown.map((field) => {
        const path = at === '' ? field.name : `${at}.${field.name}`;
        return (
          <SchemaField
            key={field.name}
            section={section}
            field={field}
            value={valueAt(draft.value, path)}
            onChange={(value) => (onChange === undefined ? setFields({ [path]: value }) : onChange(field.name, value))}
          />
        );
      })}
    </>
  );
}

interface SchemaFieldProps {
  readonly section: string;
  readonly field: RecipeField;
  readonly value: unknown;
  /** `undefined` takes the field away. */
  readonly onChange: (value: unknown) => void;
}

function SchemaField({ section, field, value, onChange }: SchemaFieldProps) {
  const { name, kind, required, preset } = field;
  const hint = hintOf(section, name);
  const common = { label: labelOf(section, name), ...(hint !== undefined && { title: hint }) };
  const written = { ...common, onChange, optional: !required, placeholder: absenceOf(section, field) };
  switch (kind.type) {
    case 'number':
      return <NumberField {...written} value={typeof value === 'number' ? value : undefined} />;
    case 'boolean':
      return (
        <CheckField
          {...common}
          value={(value ?? preset) === true}
          onChange={(next) => onChange(next === preset ? undefined : next)}
        />
      );
    case 'choice':
      return (
        <SelectField
          {...common}
          value={String(value ?? preset ?? '')}
          options={preset === undefined && !required ? [{ value: '', text: '–' }, ...kind.options] : kind.options}
          onChange={(next) => onChange(next === preset || next === '' ? undefined : next)}
        />
      );
    case 'text':
      return <ParsedField {...written} value={value as string | undefined} parse={(text) => text} format={String} />;
    case 'extent':
      return <ParsedField {...written} value={value} parse={readExtent} format={sayExtent} />;
    case 'share':
      return <ParsedField {...written} value={value} parse={readShare} format={sayShare} />;
    case 'weights':
      return <ParsedField {...written} value={value} parse={readWeights} format={sayList} />;
    case 'texts':
      return <ParsedField {...written} value={value} parse={readTexts} format={sayList} />;
    case 'section':
      return <OptionalSection section={`${section}.${name}`} label={common.label} />;
    case 'other':
      return null;
  }
  return kind satisfies never;
}

interface OptionalSectionProps {
  readonly section: string;
  readonly label: string;
}

/** A section that a recipe has or has not: its fields are seen where it has. */
export function OptionalSection({ section, label }: OptionalSectionProps) {
  const value = valueAt(draft.value, section);
  const isOn = isObject(value);
  return (
    <div class="build-section">
      <CheckField
        label={label}
        value={isOn}
        onChange={(on) => setFields({ [section]: on ? startSection(section) : undefined })}
      />
      {isOn && (
        <div class="fields">
          <SectionFields section={section} />
        </div>
      )}
    </div>
  );
}
