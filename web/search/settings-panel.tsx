/** How the trials are chosen, trained and compared. */
import { strategyNames } from '../../src/recipe/search-schema.ts';
import type { SearchRecipe } from '../../src/recipe/search-schema.ts';
import { checked, setFields } from '../state/draft.ts';
import { memoryGib } from '../state/search.ts';
import { NumberField, SelectField } from '../ui/fields.tsx';
import { Panel } from '../ui/panel.tsx';

type Strategy = (typeof strategyNames)[number];

const strategyWords: Readonly<Record<Strategy, string>> = {
  random: 'Random',
  grid: 'Grid',
  coarseToFine: 'Coarse to fine',
  halving: 'Halving',
};
const strategyHints: Readonly<Record<Strategy, string>> = {
  random: 'So many draws, each trained to its end.',
  grid: 'Every combination of the listed values and whole numbers.',
  coarseToFine: 'So many draws, then finer ones around the best of them.',
  halving: 'Successive halving: the worse trials are given up at each cut, so that the time goes to the better ones.',
};

export function SettingsPanel() {
  if (!('recipe' in checked.value)) return undefined;
  const { search, data } = checked.value.recipe;
  if (search === undefined) return undefined;
  const { strategy, folds } = search;
  return (
    <Panel title="How to search">
      <div class="stack search-settings">
        <div class="fields">
          <SelectField
            label="Strategy"
            value={strategy}
            options={strategyNames.map((value) => ({ value, text: strategyWords[value] }))}
            onChange={(value) => setFields({ 'search.strategy': value })}
          />
          {strategy !== 'grid' && <CountField field="trials" label="Draws" value={search.trials} placeholder="16" />}
          {strategy === 'halving' && <CountField field="factor" label="Keep one in" value={search.factor} />}
          {strategy === 'coarseToFine' && <FineFields fine={search.fine} />}
        </div>
        <p class="small muted">{strategyHints[strategy]}</p>
        <div class="fields">
          {folds === undefined && (
            <NumberField
              label="Validation rows"
              title="Rows to compare by: a number, or a share below 1"
              value={typeof data.validation === 'number' ? data.validation : undefined}
              placeholder={typeof data.validation === 'object' ? data.validation.part : 'none'}
              optional
              onChange={(value) => setFields({ 'data.validation': value })}
            />
          )}
          <NumberField
            label="Folds"
            title="Cross-validation: each trial is trained so many times, validated on another part each time"
            value={folds}
            placeholder="none"
            optional
            onChange={(value) =>
              setFields({ 'search.folds': value, ...(value !== undefined && { 'data.validation': undefined }) })
            }
          />
          <CountField field="repeats" label="Seeds for each" value={search.repeats} />
          <CountField field="seed" label="Seed of the draws" value={search.seed} />
          <SelectField
            label="Compare by"
            value={search.metric ?? 'usual'}
            options={[
              { value: 'usual', text: 'The usual' },
              { value: 'accuracy', text: 'Accuracy' },
              { value: 'loss', text: 'Loss' },
            ]}
            title="On the validation rows. The usual: accuracy, of a regression the loss"
            onChange={(value) => setFields({ 'search.metric': value === 'usual' ? undefined : value })}
          />
          <NumberField
            label="Memory, GiB"
            title="Device memory that the trials trained at once may take; WebGPU does not tell how much there is"
            value={memoryGib.value}
            placeholder="as planned"
            optional
            onChange={(value) => {
              memoryGib.value = value === undefined || value > 0 ? value : undefined;
            }}
          />
        </div>
      </div>
    </Panel>
  );
}

interface CountFieldProps {
  readonly field: keyof SearchRecipe;
  readonly label: string;
  readonly value: number | undefined;
  readonly placeholder?: string;
}

/** A number of the section `search`; an empty one stands for the default. */
function CountField({ field, label, value, placeholder }: CountFieldProps) {
  return (
    <NumberField
      label={label}
      value={value}
      optional
      {...(placeholder !== undefined && { placeholder })}
      onChange={(next) => setFields({ [`search.${field}`]: next })}
    />
  );
}

function FineFields({ fine: { trials, around } }: Pick<SearchRecipe, 'fine'>) {
  return (
    <>
      <NumberField
        label="Finer draws"
        value={trials}
        optional
        onChange={(next) => setFields({ 'search.fine': { trials: next, around } })}
      />
      <NumberField
        label="Around the best"
        value={around}
        optional
        onChange={(next) => setFields({ 'search.fine': { trials, around: next } })}
      />
    </>
  );
}
