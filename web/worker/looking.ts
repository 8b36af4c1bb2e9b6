/** Answers calls that look inside the model. One look is open at a time; nothing is computed for what is not looked at. */
import { DataError, DeviceError } from '../../src/errors.ts';
import type { CallContext, Handlers } from '../protocol/calls.ts';
import type { LookingCalls, LookRequest, LookResult } from '../protocol/looking.ts';
import { openInspectors } from './looking/inspectors.ts';
import { openPace } from './looking/pace.ts';
import { examplesOf, keepScores, searchRow } from './looking/scores.ts';
import { readSnapshot } from './looking/stored-run.ts';
import { describeSubject, splitOf } from './looking/subject.ts';
import { seeView } from './looking/views.ts';
import type { Snapshot } from './live-model.ts';
import type { Workplace } from './workplace.ts';

/** What is held on the device is given back so long after the last look: another one often follows at once. */
const closeMilliseconds = 2000;

export function lookingHandlers(workplace: Workplace): Handlers<LookingCalls> {
  const { live } = workplace;
  const pace = openPace(workplace.isWorking);
  const inspectors = openInspectors(workplace.devices, pace);
  const looker = { inspectors, scores: keepScores(inspectors) };
  let current: AbortController | undefined;
  let closing: ReturnType<typeof setTimeout> | undefined;

  async function follow({ member, view }: LookRequest, signal: AbortSignal, emit: (seen: LookResult) => void) {
    let shown: Snapshot | undefined;
    let failed: Snapshot | undefined;
    while (true) {
      await live.next(shown, signal);
      // What was asked for last is answered at once, what it becomes in its time.
      if (shown !== undefined) await pace.wait(signal);
      const snapshot = live.latest();
      if (signal.aborted || snapshot === undefined) return;
      shown = snapshot;
      if (member >= snapshot.prepared.members.length) continue;
      try {
        const seen = await seeView(looker, view, { snapshot, member, signal });
        if (seen !== undefined) emit(seen);
      } catch (cause) {
        if (!(cause instanceof DeviceError)) throw cause;
        // The device is opened anew: asked once more, then not before the run has gone on.
        if (failed !== snapshot) shown = undefined;
        failed = snapshot;
      }
    }
  }

  async function look(request: LookRequest, { signal, emit }: CallContext<LookResult>): Promise<void> {
    current?.abort();
    clearTimeout(closing);
    const own = new AbortController();
    current = own;
    try {
      await follow(request, AbortSignal.any([signal, own.signal]), emit);
    } finally {
      if (current === own) {
        current = undefined;
        closing = setTimeout(inspectors.close, closeMilliseconds);
      }
    }
  }

  function latest(): Snapshot {
    const snapshot = live.latest();
    if (snapshot === undefined) throw new DataError('the page', 'shows no run. Train a step first.');
    return snapshot;
  }

  return {
    look,
    async watchSubject(_, { signal, emit }) {
      let told: Snapshot | undefined;
      let seen: Snapshot | undefined;
      while (true) {
        seen = await live.next(seen, signal);
        if (seen === undefined) return;
        if (told?.prepared === seen.prepared && told.runId === seen.runId) continue;
        told = seen;
        emit(describeSubject(seen));
      }
    },
    async lookAt({ runId }) {
      const before = live.latest();
      const stored = await readSnapshot(workplace, runId);
      // Meanwhile a training may have shown its model.
      if (live.latest() === before) live.show(stored);
    },
    async findRow(search, { signal }) {
      const snapshot = latest();
      const { member, split, mistakes } = search;
      const { labels } = snapshot.prepared.dataset;
      const rows = splitOf(snapshot.prepared, member)[split];
      const scored = mistakes ? await looker.scores.recent(snapshot, member, split, signal) : undefined;
      return searchRow(
        Array.from(rows, (row) => labels?.[row] ?? 0),
        scored?.predicted,
        search,
      );
    },
    async findExamples(search, { signal }) {
      const scored = await looker.scores.recent(latest(), search.member, search.split, signal);
      return scored === undefined ? [] : examplesOf(scored, search);
    },
  };
}
