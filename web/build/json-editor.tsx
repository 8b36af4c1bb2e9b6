/**
 * The draft as JSON. What is typed becomes the draft as soon as it is a right recipe; until then the draft stays the last one that was, and
 * the sentence says what is wrong, at its line.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { RecipeError, sayCause } from '../../src/errors.ts';
import { faultOffset } from '../../src/recipe/json.ts';
import { draft, fault, readRecipeText, replaceDraft } from '../state/draft.ts';
import { Notice } from '../ui/panel.tsx';
import './json-editor.css';
import { pathOfFault } from './fault-place.ts';
import { formatJson, lineOf, offsetOfPlace } from './json-text.ts';

const characters = 46;

interface TextFault {
  readonly sentence: string;
  /** Line of the text, from 0. */
  readonly line: number;
  /** The sentence speaks of the line itself. */
  readonly saysLine: boolean;
}

function faultOf(text: string, cause: unknown): TextFault {
  const sentence = sayCause(cause);
  const isRecipe = cause instanceof RecipeError;
  const offset = isRecipe ? offsetOfPlace(text, cause.place) : faultOffset(text);
  return { sentence, line: lineOf(text, offset), saysLine: !isRecipe };
}

/** What is wrong with a draft that is right JSON. */
function faultOfDraft(text: string, sentence: string): TextFault {
  return { sentence, line: lineOf(text, offsetOfPlace(text, pathOfFault(sentence))), saysLine: false };
}

export function JsonEditor() {
  const [text, setText] = useState(() => formatJson(draft.value, characters));
  const [typedFault, setTypedFault] = useState<TextFault>();
  const written = useRef(draft.value);
  useEffect(() => {
    if (written.current === draft.value) return;
    written.current = draft.value;
    setText(formatJson(draft.value, characters));
    setTypedFault(undefined);
  }, [draft.value]);

  function type(next: string): void {
    setText(next);
    try {
      replaceDraft(readRecipeText(next, 'recipe'), 'JSON');
      written.current = draft.value;
      setTypedFault(undefined);
    } catch (cause) {
      setTypedFault(faultOf(next, cause));
    }
  }

  const shown = typedFault ?? (fault.value === undefined ? undefined : faultOfDraft(text, fault.value));
  const lines = text.split('\n');
  return (
    <div class="stack">
      <div class="build-json">
        <ol aria-hidden="true">
          {lines.map((_, line) => (
            <li key={line} data-fault={shown?.line === line}>
              {line + 1}
            </li>
          ))}
        </ol>
        <textarea
          aria-label="Recipe as JSON"
          aria-invalid={typedFault !== undefined}
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          rows={lines.length}
          value={text}
          onInput={({ currentTarget }) => type(currentTarget.value)}
        />
      </div>
      {shown && (
        <Notice tone="bad">
          {shown.saysLine ? '' : `Line ${shown.line + 1}: `}
          {shown.sentence}
          {typedFault && <p class="small">The draft is still the last right recipe.</p>}
        </Notice>
      )}
    </div>
  );
}
