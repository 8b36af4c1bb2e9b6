/** The search view: what is varied at the left, what comes of it at the right; the range test of the learning rate in a second tab. */
import { useEffect } from 'preact/hooks';
import { draft } from '../state/draft.ts';
import { memoryGib, planDraft, restoreSearch, searchTab } from '../state/search.ts';
import { Segmented } from '../ui/fields.tsx';
import { PlanPanel } from './plan-panel.tsx';
import { RangeView } from './range-view.tsx';
import { SearchRunPanel } from './search-run-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { SpacePanel } from './space-panel.tsx';
import { TrialCharts } from './trial-charts.tsx';
import { TrialsPanel } from './trials-panel.tsx';
import './search.css';

export function SearchView() {
  return (
    <div class="stack">
      <div>
        <Segmented
          label="Kind of search"
          value={searchTab.value}
          options={[
            { value: 'search', text: 'Search' },
            { value: 'range', text: 'Learning-rate range test' },
          ]}
          onChange={(tab) => {
            searchTab.value = tab;
          }}
        />
      </div>
      {searchTab.value === 'search' ? <TrialSearch /> : <RangeView />}
    </div>
  );
}

function TrialSearch() {
  useEffect(() => void restoreSearch(), []);
  useEffect(() => void planDraft(), [draft.value, memoryGib.value]);
  return (
    <div class="search-columns">
      <div class="stack">
        <SpacePanel />
        <SettingsPanel />
        <PlanPanel />
      </div>
      <div class="stack">
        <SearchRunPanel />
        <TrialsPanel />
        <TrialCharts />
      </div>
    </div>
  );
}
