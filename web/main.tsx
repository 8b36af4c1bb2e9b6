/** Mounts the page. All computing is done in the worker that `engine` has started. */
// First, so that the styles of the rooms come after those of all.
import './charts/language.ts';
import './style/tokens.css';
import './style/base.css';
import './style/app.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { listenForUndo } from './build/undo-keys.ts';
import { followRecipeLinks } from './share/shared-recipe.ts';
import { startPage } from './state/start.ts';

followRecipeLinks();
listenForUndo();
startPage();
render(<App />, document.getElementById('app')!);
