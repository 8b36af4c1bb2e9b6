/** The frame of the page: header, and the view that is chosen. */
import { DataPanel } from './data/data-panel.tsx';
import { DropZone } from './data/drop-zone.tsx';
import type { DataPanelProps } from './data/data-panel.tsx';
import { Header } from './header.tsx';
import { RunsView } from './runs/runs-view.tsx';
import { SearchView } from './search/search-view.tsx';
import { readRecipeText, replaceDraft } from './state/draft.ts';
import type { RecipeJson } from './state/draft.ts';
import { importRunFile } from './state/runs.ts';
import { showView, view } from './state/view.ts';
import type { View } from './state/view.ts';
import { TrainView } from './train-view.tsx';
import { VerifyView } from './verify/verify-view.tsx';
import { WebGpuNotice } from './webgpu-notice.tsx';

/** What becomes of files that are dropped anywhere on the page. */
const takers: DataPanelProps = {
  onChoose: (_data, start) => draftRecipe(start),
  onRunZip: (file, fileName) => void importRunFile(file, fileName),
  onRecipe: (text, fileName) => draftRecipe(readRecipeText(text, fileName)),
};

function draftRecipe(json: RecipeJson): void {
  replaceDraft(json);
  showView('train');
}

export function App() {
  return (
    <>
      <Header />
      <main>
        <WebGpuNotice />
        {showChosen(view.value)}
      </main>
      <DropZone {...takers} />
    </>
  );
}

function showChosen(chosen: View) {
  switch (chosen) {
    case 'train':
      return <TrainView />;
    case 'verify':
      return <VerifyView />;
    case 'runs':
      return <RunsView />;
    case 'data':
      return <DataPanel {...takers} />;
    case 'search':
      return <SearchView />;
  }
  return chosen satisfies never;
}
