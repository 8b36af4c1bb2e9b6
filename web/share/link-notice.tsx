/** What to know of the link that opened the page. */
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/panel.tsx';
import { linkFault } from './shared-recipe.ts';

export function LinkNotice() {
  if (linkFault.value === undefined) return null;
  return (
    <Notice tone="bad">
      <p>{linkFault.value}</p>
      <p class="small">The recipe below is the one that was here before the link.</p>
      <Button
        kind="quiet"
        onClick={() => {
          linkFault.value = undefined;
        }}
      >
        Dismiss
      </Button>
    </Notice>
  );
}
