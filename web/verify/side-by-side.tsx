/** CPU and GPU in training beside each other: both curves, how far they agree, and the speed-up. */
import { LineChart } from '../charts/line-chart.tsx';
import { device } from '../state/device.ts';
import { compareSides } from '../state/sides.ts';
import type { Sides } from '../state/sides.ts';
import { sidesCheck } from '../state/verify.ts';
import { formatCount, formatNumber, formatShort } from '../ui/format.ts';
import { Readout } from '../ui/panel.tsx';
import { useStepsChoice } from './steps-choice.tsx';
import { ToolPanel } from './tool-panel.tsx';
import { judgeSides } from './verdicts.ts';

const usualSteps = 300;

export function SideBySide() {
  const check = sidesCheck.check.value;
  const sides = 'progress' in check ? check.progress : undefined;
  const steps = useStepsChoice({
    label: 'Steps',
    usual: usualSteps,
    disabled: check.state === 'running',
    title: 'The length of both runs; the schedule of the recipe is laid over it',
  });
  return (
    <ToolPanel
      title="Side by side"
      proves="Trains the recipe on the GPU and on the CPU path at once, from the same seed: the two runs are one and the same, and this is how much faster the GPU is. Of a population its first member; nothing is kept."
      tool={sidesCheck}
      {...steps}
      needsGpu
      part={({ steps: total, gpu, cpu }) => ({
        done: Math.min(gpu.steps.length, cpu.steps.length),
        count: total,
        what: `GPU at step ${formatCount(gpu.steps.length)}, CPU at step ${formatCount(cpu.steps.length)}`,
      })}
      judge={(result) => judgeSides(compareSides(result), device.value?.exact === true)}
    >
      {sides !== undefined && <Agreement sides={sides} />}
    </ToolPanel>
  );
}

function Agreement({ sides }: { readonly sides: Sides }) {
  const { gpu, cpu } = sides;
  const { steps, equalLosses, largestDifference, hashes, equalHashes, speedUp } = compareSides(sides);
  return (
    <>
      <dl class="readouts">
        <Readout label="GPU, samples/s">{formatShort(gpu.samplesPerSecond)}</Readout>
        <Readout label="CPU, samples/s">{formatShort(cpu.samplesPerSecond)}</Readout>
        <Readout label="Speed-up">{speedUp === undefined ? '–' : `${speedUp.toPrecision(3)}×`}</Readout>
        <Readout label="Equal losses" title="Steps whose losses are equal in every bit, of those that both have done">
          {formatCount(equalLosses)} of {formatCount(steps)}
        </Readout>
        <Readout label="Largest difference">{formatNumber(largestDifference)}</Readout>
        <Readout label="Equal weights" title="Points at which the sha256 of the weights is the same on both sides">
          {formatCount(equalHashes)} of {formatCount(hashes)}
        </Readout>
      </dl>
      {device.value?.software === true && (
        <p class="small muted">
          This adapter computes on the same processor as the CPU path, so the two slow each other down: the speed-up is
          not that of a GPU.
        </p>
      )}
      <LineChart
        title="Loss of each step"
        xName="step"
        series={[
          { name: 'GPU', colour: 'train', x: gpu.steps, y: gpu.losses },
          { name: 'CPU', colour: 'validation', dash: true, x: cpu.steps, y: cpu.losses },
        ]}
        isLog
      />
    </>
  );
}
