/** The last observations of the run, for what is drawn over time. */
import { effect, signal } from '@preact/signals';
import type { Observation } from '../../src/train/observe.ts';
import { observation } from '../state/run.ts';

const mostObservations = 48;
const slowMilliseconds = 500;

/** The oldest first; changed in place, with `observation`. */
export const recent: Observation[] = [];
/** The last observation, at most twice a second: for tables. */
export const slowObservation = signal<Observation | undefined>(undefined);

let told = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  const { value } = observation;
  if (value === undefined) recent.length = 0;
  else {
    // After its device was lost, a run comes by the same steps again.
    while ((recent.at(-1)?.step ?? 0) >= value.step) recent.pop();
    recent.push(value);
    if (recent.length > mostObservations) recent.shift();
  }
  clearTimeout(timer);
  const tell = (): void => {
    told = performance.now();
    slowObservation.value = value;
  };
  const left = told + slowMilliseconds - performance.now();
  if (value === undefined || left <= 0) tell();
  else timer = setTimeout(tell, left);
});
