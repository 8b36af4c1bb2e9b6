/** The data of the draft: which set, what it holds, and how its rows are split and scaled. */
import { fieldsOf } from '../../src/recipe/fields.ts';
import { valueAt } from '../../src/recipe/paths.ts';
import type { DataSource } from '../../src/recipe/schema.ts';
import type { Description } from '../protocol/build.ts';
import { draft } from '../state/draft.ts';
import { SelectField } from '../ui/fields.tsx';
import { formatCount, formatShape } from '../ui/format.ts';
import { sourceWords } from './field-words.ts';
import { chooseSource } from './fit.ts';
import { FaultOf, Fold } from './fold.tsx';
import { descriptionOfData } from './known-data.ts';
import { SectionFields } from './schema-field.tsx';

/** Fields that every set has; the others say which rows there are. */
const ofEverySet = fieldsOf('data', 'digits').map(({ name }) => name);
const sources = Object.entries(sourceWords).map(([value, { title }]) => ({ value: value as DataSource, text: title }));

export function DataPart() {
  const source = valueAt(draft.value, 'data.source') as DataSource;
  const ofTheSet = fieldsOf('data', source)
    .map(({ name }) => name)
    .filter((name) => !ofEverySet.includes(name));
  const isBlobs = valueAt(draft.value, 'data.shape') === 'blobs';
  const shown = source === 'points' && !isBlobs ? ofTheSet.filter((name) => name !== 'classes') : ofTheSet;
  const known = descriptionOfData();
  return (
    <section class="build-part" aria-label="Data">
      <SelectField label="Data" value={source} options={sources} onChange={(next) => void chooseSource(next)} />
      <p class="small muted number" aria-live="polite">
        {known === undefined ? '\u00a0' : sayData(known)}
      </p>
      {shown.length > 0 && (
        <div class="fields">
          <SectionFields section="data" type={source} only={shown} />
        </div>
      )}
      <Fold title="Rows and scaling" part="data" summary={saySplit()}>
        <div class="fields">
          <SectionFields section="data" type={source} only={ofEverySet} />
        </div>
      </Fold>
      <FaultOf part={undefined} />
    </section>
  );
}

function sayData({ inputShape, task, outputCount, rows }: Description): string {
  const outputs = task === 'classification' ? 'classes' : outputCount === 1 ? 'number' : 'numbers';
  const parts = [
    `${formatCount(rows.train)} to train`,
    ...(rows.validation > 0 ? [`${formatCount(rows.validation)} to validate`] : []),
    ...(rows.test > 0 ? [`${formatCount(rows.test)} to test`] : []),
  ];
  return `${formatShape(inputShape)} → ${outputCount} ${outputs} · ${parts.join(', ')}`;
}

function saySplit(): string {
  const normalize = valueAt(draft.value, 'data.normalize') ?? 'none';
  const folds = valueAt(draft.value, 'data.folds');
  return [`scaling: ${String(normalize)}`, ...(folds === undefined ? [] : [`${String(folds)} folds`])].join(', ');
}
