/** Before the GPU tests: names the adapter they run on in the first line, or fails with what is missing. */
import { openTestAdapter } from './device.ts';

export async function setup(): Promise<void> {
  const { description } = await openTestAdapter();
  process.stdout.write(`GPU tests on: ${description.name} (${description.origin})\n`);
}
