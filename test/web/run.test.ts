// The run on the page: what its buttons do in every order, with a worker that does what the test says.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LossPoint, TrainOutcome, TrainReport, TrainRequest } from '../../web/protocol/training.ts';

interface Session {
  readonly request: TrainRequest;
  readonly signal: AbortSignal;
  emit(report: TrainReport): void;
  end(outcome: TrainOutcome): Promise<void>;
  fail(cause: unknown): Promise<void>;
}

const { sessions, EngineError } = vi.hoisted(() => ({
  sessions: [] as Session[],
  EngineError: class extends Error {
    constructor(
      message: string,
      readonly kind: string,
    ) {
      super(message);
    }
  },
}));

vi.mock('../../web/engine/engine.ts', () => ({
  EngineError,
  engine: {
    call(
      name: string,
      request: TrainRequest,
      options: { signal: AbortSignal; onEvent: (report: TrainReport) => void },
    ) {
      if (name !== 'train') return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        const settle = async (act: () => void): Promise<void> => {
          act();
          await settled();
        };
        sessions.push({
          request,
          signal: options.signal,
          emit: options.onEvent,
          end: (outcome) => settle(() => resolve(outcome)),
          fail: (cause) => settle(() => reject(cause as Error)),
        });
      });
    },
  },
}));

const { curves, isBusy, isDraftOfRun, leaveRun, pauseRun, restartRun, resumeRun, run, runState, showRun, startRun } =
  await import('../../web/state/run.ts');
const { replaceDraft, draft, setFields } = await import('../../web/state/draft.ts');

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const last = (): Session => sessions.at(-1)!;
const pointAt = (step: number): LossPoint => ({ step, losses: [1], learningRates: [0.1] });
const startAt = (step: number): TrainReport => ({
  type: 'start',
  runId: last().request.runId,
  evaluations: [],
  adapter: 'test',
  device: 'cpu',
  recipe: last().request.recipe,
  parameters: 1,
  steps: 100,
  stepsPerEpoch: 10,
  step,
  peakDeviceBytes: 1,
  compileSeconds: 0,
  notes: [],
});
function train(...steps: readonly number[]): void {
  last().emit({
    type: 'progress',
    step: steps.at(-1) ?? 0,
    epoch: 0,
    points: steps.map(pointAt),
    samplesPerSecond: 1,
    stepsPerSecond: 1,
    secondsLeft: 1,
  });
}
const firstDraft = draft.value;

beforeEach(() => {
  sessions.length = 0;
});
afterEach(async () => {
  leaveRun();
  for (const session of sessions) await session.end({ state: 'paused', step: 0 });
  replaceDraft(firstDraft);
});

async function startTraining(): Promise<Session> {
  void startRun();
  await settled();
  last().emit(startAt(0));
  return last();
}

describe('a run on the page', () => {
  test('is started once by a double click', async () => {
    void startRun();
    void startRun();
    await settled();
    expect(sessions).toHaveLength(1);
  });

  test('is paused, and goes on with the same id and recipe though the draft was edited', async () => {
    const first = await startTraining();
    train(1, 2);
    setFields({ 'optimizer.learningRate': 0.5 });
    pauseRun();
    expect(runState.value).toBe('pausing');
    expect(first.signal.aborted).toBe(true);
    await first.end({ state: 'paused', step: 2 });
    expect(run.value).toMatchObject({ state: 'paused', step: 2, steps: 100 });
    expect(isDraftOfRun.value).toBe(false);
    void resumeRun();
    void resumeRun();
    await settled();
    expect(sessions).toHaveLength(2);
    expect(last().request).toMatchObject({ runId: first.request.runId, recipe: first.request.recipe });
  });

  test('that was paused before it began stays paused when the worker says that it starts', async () => {
    void startRun();
    await settled();
    pauseRun();
    last().emit(startAt(0));
    expect(runState.value).toBe('pausing');
    await last().end({ state: 'paused', step: 0 });
    expect(runState.value).toBe('paused');
  });

  test('that is left lets the next one wait until its last checkpoint is written', async () => {
    const first = await startTraining();
    leaveRun();
    expect(run.value).toBeUndefined();
    expect(isBusy.value).toBe(false);
    void startRun();
    await settled();
    expect(sessions).toHaveLength(1);
    expect(runState.value).toBe('starting');
    await first.end({ state: 'paused', step: 5 });
    expect(sessions).toHaveLength(2);
    expect(last().request.runId).not.toBe(first.request.runId);
    expect(run.value).toMatchObject({ state: 'starting', step: 0 });
  });

  test('that is paused while it waits for another is not started at all', async () => {
    const first = await startTraining();
    leaveRun();
    void startRun();
    pauseRun();
    await first.end({ state: 'paused', step: 5 });
    expect(sessions).toHaveLength(1);
    expect(runState.value).toBe('paused');
  });

  test('that is left takes no more notice of what the worker still reports', async () => {
    const first = await startTraining();
    train(1);
    leaveRun();
    first.emit({ type: 'recovered', reason: 'gone', step: 0 });
    await first.end({ state: 'finished', step: 100, result: {} as never });
    expect(run.value).toBeUndefined();
    expect(curves.points).toEqual([]);
  });

  test('that is restarted trains the same recipe as another run', async () => {
    const first = await startTraining();
    setFields({ batch: 7 });
    void restartRun();
    await first.end({ state: 'paused', step: 5 });
    expect(last().request.recipe).toEqual(first.request.recipe);
    expect(last().request.runId).not.toBe(first.request.runId);
  });

  test('loses the points after the checkpoint from which it goes on', async () => {
    await startTraining();
    train(1, 2, 3, 4);
    last().emit({ type: 'recovered', reason: 'gone', step: 2 });
    last().emit(startAt(2));
    train(3, 4);
    expect(curves.points.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(run.value?.message).toContain('The device was lost (gone)');
  });

  test.each([
    ['device', 'paused'],
    ['input', 'paused'],
    ['check', 'failed'],
  ] as const)('that ends with an error of kind %s is %s', async (kind, state) => {
    const session = await startTraining();
    await session.fail(new EngineError('what went wrong.', kind));
    expect(run.value).toMatchObject({ state, message: 'what went wrong.' });
  });

  test('that cannot begin has failed', async () => {
    void startRun();
    await settled();
    await last().fail(new EngineError('no such file.', 'input'));
    expect(runState.value).toBe('failed');
  });

  test('that is trained is not shown anew, another one takes its place once it is shown', async () => {
    const session = await startTraining();
    train(1, 2);
    showRun({ ...run.value!, state: 'paused' }, []);
    expect(runState.value).toBe('training');
    showRun({ ...run.value!, id: 'other', state: 'paused' }, []);
    expect(session.signal.aborted).toBe(true);
    expect(run.value).toMatchObject({ id: 'other', state: 'paused' });
    expect(curves.points).toEqual([]);
  });

  test('that is opened again and gone on with before it has paused takes no notice of how its last session ends', async () => {
    const first = await startTraining();
    train(1, 2);
    const shown = { ...run.value!, state: 'paused' as const };
    leaveRun();
    showRun(shown, []);
    void resumeRun();
    await settled();
    expect(sessions).toHaveLength(1);
    first.emit({ type: 'recovered', reason: 'gone', step: 3 });
    expect(run.value?.message).toBeUndefined();
    await first.end({ state: 'paused', step: 5 });
    expect(sessions).toHaveLength(2);
    expect(runState.value).toBe('starting');
    last().emit(startAt(5));
    expect(run.value).toMatchObject({ state: 'training', step: 5 });
  });

  test('that is opened again before it has paused is told how far its last session came', async () => {
    const first = await startTraining();
    const shown = { ...run.value!, state: 'paused' as const };
    leaveRun();
    showRun(shown, []);
    await first.end({ state: 'paused', step: 5 });
    expect(run.value).toMatchObject({ state: 'paused', step: 5 });
  });

  test('does one step and pauses', async () => {
    void startRun({ singleStep: true });
    await settled();
    expect(last().request.singleStep).toBe(true);
    await last().end({ state: 'paused', step: 1 });
    void resumeRun({ singleStep: true });
    await settled();
    expect(last().request).toMatchObject({ singleStep: true, runId: sessions[0]!.request.runId });
  });
});
