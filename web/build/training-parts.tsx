/** How the draft is trained: rate, batch and length at hand; loss, optimizer, schedule and the rest behind their names. */
import { fieldsOf, typesOf } from '../../src/recipe/fields.ts';
import { lossOfField } from '../../src/recipe/parse.ts';
import { isObject, ratePath, valueAt } from '../../src/recipe/paths.ts';
import { recipeSchema } from '../../src/recipe/schema.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { draft, lastKnown, replaceDraft, setFields } from '../state/draft.ts';
import { showRangeTest } from '../state/range-test.ts';
import { Button } from '../ui/button.tsx';
import { NumberField, SelectField } from '../ui/fields.tsx';
import { FaultOf, Fold } from './fold.tsx';
import { changeLoss, changeSchedule, changeType, startEpochs } from './recipe-edits.ts';
import { OptionalSection, SectionFields } from './schema-field.tsx';
import { ScheduleCurve } from './schedule-curve.tsx';

const lengths = ['epochs', 'steps', 'cycles'] as const;
type Length = (typeof lengths)[number];

const typeOf = (section: 'optimizer' | 'schedule'): string =>
  String(valueAt(draft.value, `${section}.type`) ?? recipeSchema.entries[section].default.type);
const lossOfDraft = (): Recipe['loss'] => (draft.value['loss'] ?? recipeSchema.entries.loss.default) as Recipe['loss'];

/** What a person changes first. */
export function FirstNumbers() {
  const path = ratePath(draft.value['schedule']);
  const [section = '', name = ''] = path.split('.');
  const { preset } =
    fieldsOf(section, typeOf(section === 'schedule' ? 'schedule' : 'optimizer')).find((field) => field.name === name) ??
    {};
  const length = lengths.find((each) => draft.value[each] !== undefined) ?? 'epochs';
  const isCyclic = typeOf('schedule') === 'cyclic';
  return (
    <div class="build-part">
      <div class="build-numbers">
        <NumberField
          label="Learning rate"
          value={valueAt(draft.value, path) as number | undefined}
          placeholder={preset === undefined ? '' : String(preset)}
          optional={preset !== undefined}
          {...(section === 'schedule' && { title: 'The highest rate of the schedule' })}
          onChange={(rate) => setFields({ [path]: rate })}
        />
        <SectionFields section="" only={['batch', length]} />
        <SelectField
          label="Length in"
          value={length}
          options={lengths.filter((each) => each !== 'cycles' || isCyclic)}
          onChange={(unit) => setFields({ [unit]: lengthIn(unit) })}
        />
      </div>
      <div class="button-row">
        <Button kind="quiet" onClick={showRangeTest}>
          Find the learning rate by a range test
        </Button>
      </div>
      <FaultOf part="length" />
    </div>
  );
}

/** The length of the draft in another unit, as near as can be. */
function lengthIn(unit: Length): number {
  if (lastKnown.value === undefined) return startEpochs;
  const { steps, stepsPerEpoch } = lastKnown.value.description;
  if (unit === 'steps') return steps;
  if (unit === 'epochs') return Math.max(1, Math.round(steps / stepsPerEpoch));
  return Math.max(1, Math.round(steps / (2 * Number(valueAt(draft.value, 'schedule.stepSize')))));
}

export function TrainingParts() {
  return (
    <section class="build-part" aria-label="Training">
      <LossPart />
      <OptimizerPart />
      <SchedulePart />
      <RegularisationPart />
      <AugmentationPart />
      <EvaluationPart />
      <NamePart />
    </section>
  );
}

const lossNames = fieldsOf('').flatMap(({ name, kind }) =>
  name === 'loss' && kind.type === 'choice' ? kind.options : [],
);

function LossPart() {
  const loss = lossOfDraft();
  const own = Object.entries(lossOfField).flatMap(([path, of]) => (of === loss && !path.includes('.') ? [path] : []));
  return (
    <Fold title="Loss" part="loss" summary={loss}>
      <div class="fields">
        <SelectField
          label="Loss"
          value={loss}
          options={lossNames}
          onChange={(next) => replaceDraft(changeLoss(draft.value, next as Recipe['loss']))}
        />
        <SectionFields section="" only={own} />
      </div>
    </Fold>
  );
}

function OptimizerPart() {
  const type = typeOf('optimizer');
  const current = draft.value['optimizer'];
  return (
    <Fold title="Optimizer" part="optimizer" summary={type}>
      <div class="fields">
        <SelectField
          label="Optimizer"
          value={type}
          options={typesOf('optimizer')}
          onChange={(next) => setFields({ optimizer: changeType('optimizer', isObject(current) ? current : {}, next) })}
        />
        <SectionFields section="optimizer" type={type} except={['learningRate']} />
      </div>
    </Fold>
  );
}

function SchedulePart() {
  const known = lastKnown.value;
  const type = typeOf('schedule');
  const isExponentialTest = type === 'rangeTest' && valueAt(draft.value, 'schedule.curve') === 'exponential';
  return (
    <Fold title="Schedule" part="schedule" summary={type}>
      <div class="fields">
        <SelectField
          label="Schedule"
          value={type}
          options={typesOf('schedule')}
          onChange={(next) => replaceDraft(changeSchedule(draft.value, next))}
        />
        <SectionFields section="schedule" type={type} />
      </div>
      {known && (
        <ScheduleCurve
          description={known.description}
          isStale={known.of !== draft.value}
          isLogarithmic={isExponentialTest}
        />
      )}
      {type === 'plateau' && (
        <p class="small muted">It falls whenever the loss stops falling, which nobody knows before.</p>
      )}
    </Fold>
  );
}

function RegularisationPart() {
  const { l2, clipNorm, earlyStopping } = draft.value;
  const hasPenalty = typeof l2 === 'number' && l2 > 0;
  const said = [
    ...(hasPenalty ? [`l2 ${l2}`] : []),
    ...(typeof clipNorm === 'number' && clipNorm > 0 ? [`clips at ${clipNorm}`] : []),
    ...(earlyStopping === undefined ? [] : ['stops early']),
  ];
  return (
    <Fold title="Regularisation" part="regularisation" summary={said.join(', ') || 'none'}>
      <div class="fields">
        <SectionFields section="" only={hasPenalty ? ['l2', 'l2Factor', 'clipNorm'] : ['l2', 'clipNorm']} />
      </div>
      <OptionalSection section="earlyStopping" label="Stop early" />
    </Fold>
  );
}

function AugmentationPart() {
  const { augmentation } = draft.value;
  const used = Object.entries(isObject(augmentation) ? augmentation : {}).filter(
    ([, value]) => value !== 0 && value !== false,
  );
  return (
    <Fold title="Augmentation" part="augmentation" summary={used.map(([name]) => name).join(', ') || 'none'}>
      <div class="fields">
        <SectionFields section="augmentation" />
      </div>
    </Fold>
  );
}

function EvaluationPart() {
  const { everyEpochs, everySteps } = (draft.value['evaluation'] ?? {}) as Readonly<Record<string, unknown>>;
  const often =
    everySteps === undefined ? `every ${sayMany(everyEpochs, 'epoch')}` : `every ${sayMany(everySteps, 'step')}`;
  const isOther = lossOfDraft() !== lossOfField['evaluation.topK'];
  return (
    <Fold title="Evaluation and seed" part="evaluation" summary={`${often}, seed ${String(draft.value['seed'] ?? 0)}`}>
      <div class="fields">
        <SectionFields section="evaluation" except={isOther ? ['topK'] : []} />
        <SectionFields section="" only={['seed']} />
      </div>
    </Fold>
  );
}

const sayMany = (count: unknown, unit: string): string =>
  count === undefined || count === 1 ? unit : `${String(count)} ${unit}s`;

function NamePart() {
  return (
    <Fold title="Name" part="name" summary={String(draft.value['name'] ?? recipeSchema.entries.name.default)}>
      <div class="build-texts">
        <SectionFields section="" only={['name', 'description']} />
      </div>
    </Fold>
  );
}
