/**
 * How many members a population gains by, where memory would hold more. On a processor one dispatch of some thirty members keeps every
 * thread busy and hardly costs more than its arithmetic; a real GPU has room for all that fit.
 */
import type { Device } from '../train/device.ts';

/** See "Populations" in bench/RESULTS.md: the gains of 27 and of 54 small members are the same, as are those of 16 and 64 larger ones. */
const mostOnProcessor = 32;

/** Members beyond which steps of a population take no less time per member on this device; Infinity on a real GPU. */
export function mostUsefulMembers(device: Pick<Device, 'kind'> & { readonly software?: boolean }): number {
  return device.kind === 'gpu' && device.software !== true ? Infinity : mostOnProcessor;
}
