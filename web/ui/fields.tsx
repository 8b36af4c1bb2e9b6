/** Labelled inputs. Numbers are handed on when they are numbers; what is half typed stays in the field. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

interface FieldProps {
  readonly label: string;
  readonly children: ComponentChildren;
  readonly title?: string;
}

export function Field({ label, children, title }: FieldProps) {
  return (
    <label class="field" title={title}>
      <span>{label}</span>
      {children}
    </label>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
  readonly title?: string;
  /** Shown where there is no value: the default that holds then. */
  readonly placeholder?: string;
  /** Whether the field may be empty. */
  readonly optional?: boolean;
  readonly disabled?: boolean;
}

/** Takes numbers as people write them, `3e-4` included. */
export function NumberField(props: NumberFieldProps) {
  return <ParsedField<number> {...props} parse={readNumber} format={String} inputMode="decimal" />;
}

function readNumber(text: string): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

interface ParsedFieldProps<T> extends Omit<NumberFieldProps, 'value' | 'onChange'> {
  readonly value: T | undefined;
  readonly onChange: (value: T | undefined) => void;
  /** Undefined for a text that is no value. */
  readonly parse: (text: string) => T | undefined;
  readonly format: (value: T) => string;
  readonly inputMode?: 'text' | 'decimal';
}

/** A value that is written as text. */
export function ParsedField<T>({
  label,
  value,
  onChange,
  title,
  placeholder,
  optional = false,
  disabled = false,
  parse,
  format,
  inputMode = 'text',
}: ParsedFieldProps<T>) {
  const said = value === undefined ? '' : format(value);
  const [text, setText] = useState(said);
  const typed = useRef(said);
  useEffect(() => {
    if (typed.current !== said) setText(said);
    typed.current = said;
  }, [said]);
  const isBad = text.trim() === '' ? !optional : parse(text) === undefined;
  return (
    <Field label={label} {...(title !== undefined && { title })}>
      <input
        inputMode={inputMode}
        value={text}
        placeholder={placeholder}
        disabled={disabled}
        aria-invalid={isBad}
        onInput={({ currentTarget: { value: next } }) => {
          setText(next);
          const parsed = next.trim() === '' ? undefined : parse(next);
          if (parsed === undefined && (next.trim() !== '' || !optional)) return;
          typed.current = parsed === undefined ? '' : format(parsed);
          onChange(parsed);
        }}
        onBlur={() => {
          if (isBad) setText(said);
        }}
      />
    </Field>
  );
}

interface SelectFieldProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (T | { readonly value: T; readonly text: string })[];
  readonly onChange: (value: T) => void;
  readonly title?: string;
  readonly disabled?: boolean;
}

export function SelectField<T extends string>({
  label,
  value,
  options,
  onChange,
  title,
  disabled = false,
}: SelectFieldProps<T>) {
  return (
    <Field label={label} {...(title !== undefined && { title })}>
      <select value={value} disabled={disabled} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {options.map((option) => {
          const { value: each, text } = typeof option === 'string' ? { value: option, text: option } : option;
          return (
            <option key={each} value={each}>
              {text}
            </option>
          );
        })}
      </select>
    </Field>
  );
}

interface CheckFieldProps {
  readonly label: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
  readonly title?: string;
  readonly disabled?: boolean;
}

export function CheckField({ label, value, onChange, title, disabled = false }: CheckFieldProps) {
  return (
    <label class="check" title={title}>
      <input
        type="checkbox"
        checked={value}
        disabled={disabled}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      {label}
    </label>
  );
}

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly text: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few choices that are all seen. */
export function Segmented<T extends string>({ label, value, options, onChange }: SegmentedProps<T>) {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}
