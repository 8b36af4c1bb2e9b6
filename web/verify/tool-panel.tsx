/** The frame of every check: what it proves, start and stop, how it goes, and the verdict. */
import type { ComponentChildren } from 'preact';
import type { Part } from '../protocol/verifying.ts';
import { device } from '../state/device.ts';
import { chosenRecipe } from '../state/verify.ts';
import type { Check, Tool } from '../state/verify.ts';
import { Button } from '../ui/button.tsx';
import { formatCount } from '../ui/format.ts';
import { Notice, Panel } from '../ui/panel.tsx';
import type { Verdict } from './verdicts.ts';

interface ToolPanelProps<Progress, Result, Choice> {
  readonly title: string;
  /** One sentence. */
  readonly proves: string;
  readonly tool: Tool<Progress, Result, Choice>;
  readonly choice: Choice;
  /** Whether what is chosen can be started. */
  readonly isReady?: boolean;
  readonly needsGpu?: boolean;
  /** Of all kernels, which have cases of their own. */
  readonly needsNoRecipe?: boolean;
  readonly controls?: ComponentChildren;
  readonly part: (progress: Progress) => Part;
  readonly judge: (result: Result) => Verdict;
  readonly children?: ComponentChildren;
}

export function ToolPanel<Progress, Result, Choice>(props: ToolPanelProps<Progress, Result, Choice>) {
  const { title, proves, tool, choice, isReady = true, needsGpu = false, needsNoRecipe = false } = props;
  const check = tool.check.value;
  const isRunning = check.state === 'running';
  const hasGpu = device.value?.kind === 'gpu';
  const canStart = isReady && (hasGpu || !needsGpu) && (needsNoRecipe || chosenRecipe.value !== undefined);
  const name = title.toLowerCase();
  const action = isRunning ? (
    <Button onClick={tool.stop} label={`Stop ${name}`}>
      Stop
    </Button>
  ) : (
    <Button disabled={!canStart} onClick={() => void tool.start(choice)} label={`Start ${name}`}>
      Start
    </Button>
  );
  return (
    <Panel title={title} actions={action}>
      <div class="stack">
        <p class="verify-proves">{proves}</p>
        {needsGpu && device.value !== undefined && !hasGpu && (
          <Notice tone="warn">
            {device.value.problem === undefined
              ? 'This check compares with the GPU, and the CPU path is chosen. Choose the GPU at the top of the page.'
              : 'This check compares with the GPU, and this browser offers no WebGPU device here.'}
          </Notice>
        )}
        {props.controls}
        <Outcome check={check} part={props.part} judge={props.judge} ofRecipe={!needsNoRecipe} />
        {props.children}
      </div>
    </Panel>
  );
}

interface OutcomeProps<Progress, Result> {
  readonly check: Check<Progress, Result>;
  readonly part: (progress: Progress) => Part;
  readonly judge: (result: Result) => Verdict;
  readonly ofRecipe: boolean;
}

function Outcome<Progress, Result>({ check, part, judge, ofRecipe }: OutcomeProps<Progress, Result>) {
  switch (check.state) {
    case 'idle':
      return null;
    case 'running':
      return <Progress part={check.progress === undefined ? undefined : part(check.progress)} />;
    case 'stopped':
      return <Notice>Stopped before a verdict. Start again to check from the beginning.</Notice>;
    case 'failed':
      return <Notice tone="bad">{check.message}</Notice>;
    case 'done': {
      const { isGood, text } = judge(check.result);
      return (
        <div class="verify-verdict" data-good={isGood} role={isGood ? 'status' : 'alert'}>
          <strong>{isGood ? 'Passed' : 'Failed'}</strong>
          {ofRecipe && <span class="muted"> {check.name}</span>}
          <p>{text}</p>
        </div>
      );
    }
  }
  return check satisfies never;
}

function Progress({ part }: { readonly part: Part | undefined }) {
  if (part === undefined) return <p class="muted">Preparing: data, plan and shaders</p>;
  const { done, count, what } = part;
  return (
    <div>
      <progress max={count} value={done} aria-label="Progress" />
      <p class="small muted number verify-what">
        {formatCount(done)} of {formatCount(count)}: {what}
      </p>
    </div>
  );
}
