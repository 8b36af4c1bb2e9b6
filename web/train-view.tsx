/** The training view: the recipe at the left, the run in the middle, its inside at the right. */
import { RecipePanel } from './build/recipe-panel.tsx';
import { LookPanel } from './look/look-panel.tsx';
import { LinkNotice } from './share/link-notice.tsx';
import { CurvesPanel } from './train/curves-panel.tsx';
import { RunPanel } from './train/run-panel.tsx';

export function TrainView() {
  return (
    <div class="columns">
      <div class="stack">
        <LinkNotice />
        <RecipePanel />
      </div>
      <div class="stack centre">
        <RunPanel />
        <CurvesPanel />
      </div>
      <div class="stack">
        <LookPanel />
      </div>
    </div>
  );
}
