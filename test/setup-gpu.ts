/** Before the GPU tests: names the adapter they run on in the first line, or fails with what is missing. */
import { openAdapter } from '../node/adapters.ts';

export async function setup(): Promise<void> {
  const { description } = await openAdapter();
  process.stdout.write(`GPU tests on: ${description.name} (${description.origin})\n`);
}
