/** The checks that prove the recipe, the gradient and the device right. */
import { LineChart } from '../charts/line-chart.tsx';
import { fault } from '../state/draft.ts';
import { run } from '../state/run.ts';
import { chosenRecipe, gradientCheck, kernelCheck, overfitCheck, recipeCheck, source } from '../state/verify.ts';
import { showView } from '../state/view.ts';
import { Button } from '../ui/button.tsx';
import { Segmented } from '../ui/fields.tsx';
import { formatCount, formatNumber } from '../ui/format.ts';
import { Notice } from '../ui/panel.tsx';
import { ComparisonTable } from './comparison-table.tsx';
import { GradientTable } from './gradient-table.tsx';
import { SideBySide } from './side-by-side.tsx';
import { useStepsChoice } from './steps-choice.tsx';
import { ToolPanel } from './tool-panel.tsx';
import { judgeGradient, judgeKernels, judgeOverfitting, judgeRecipe } from './verdicts.ts';
import './verify.css';

const usualSteps = 3;
const mostEpochs = 2000;

export function VerifyView() {
  return (
    <div class="verify">
      <Subject />
      <SideBySide />
      <div class="verify-columns">
        <div class="verify-column">
          <RecipeKernels />
          <AllKernels />
        </div>
        <div class="verify-column">
          <Gradient />
          <ByHeart />
        </div>
      </div>
    </div>
  );
}

/** What the checks are made on. */
function Subject() {
  return (
    <>
      <div class="button-row">
        {run.value !== undefined && (
          <Segmented
            label="Recipe to check"
            value={source.value}
            options={[
              { value: 'draft', text: 'Draft' },
              { value: 'run', text: 'Current run' },
            ]}
            onChange={(next) => {
              source.value = next;
            }}
          />
        )}
        <span>
          Recipe <strong>{chosenRecipe.value?.name ?? 'with a fault'}</strong>
        </span>
        <Button kind="quiet" onClick={() => showView('train')}>
          Change it
        </Button>
      </div>
      {source.value === 'draft' && fault.value !== undefined && <Notice tone="bad">{fault.value}</Notice>}
    </>
  );
}

function RecipeKernels() {
  const check = recipeCheck.check.value;
  const steps = useStepsChoice({ label: 'Training steps', usual: usualSteps, disabled: check.state === 'running' });
  return (
    <ToolPanel
      title="Kernel by kernel"
      proves="Runs the recipe's plan on CPU and GPU call by call: every kernel of this training computes what its definition says."
      tool={recipeCheck}
      {...steps}
      needsGpu
      part={(part) => part}
      judge={judgeRecipe}
    >
      {check.state === 'done' && <ComparisonTable title="Kernels of the recipe" rows={check.result.kernels} />}
    </ToolPanel>
  );
}

function AllKernels() {
  const check = kernelCheck.check.value;
  const rows = check.state === 'done' ? check.result : 'progress' in check ? (check.progress?.rows ?? []) : [];
  return (
    <ToolPanel
      title="All kernels"
      proves="Runs every kernel in every launch variant of this adapter on cases of its own: the device computes rightly whatever the recipe. On a software adapter, which compiles each shader for about a second, this takes minutes."
      tool={kernelCheck}
      choice={undefined}
      needsGpu
      needsNoRecipe
      part={(part) => part}
      judge={judgeKernels}
    >
      <ComparisonTable title="All kernels" rows={rows} />
    </ToolPanel>
  );
}

function Gradient() {
  const check = gradientCheck.check.value;
  return (
    <ToolPanel
      title="Gradient check"
      proves="Compares the gradient with central differences of the cost in float64, on the CPU: what the optimizer follows is the slope of the loss."
      tool={gradientCheck}
      choice={undefined}
      part={(part) => part}
      judge={judgeGradient}
    >
      {check.state === 'done' && <GradientTable {...check.result} />}
    </ToolPanel>
  );
}

function ByHeart() {
  const check = overfitCheck.check.value;
  const epochs = 'progress' in check ? (check.progress ?? []) : [];
  return (
    <ToolPanel
      title="Learning by heart"
      proves="Trains on 100 examples, without all that works against it, until the loss is near 0: gradient and updates together do learn."
      tool={overfitCheck}
      choice={undefined}
      part={(all) => ({
        done: all.length,
        count: mostEpochs,
        what: `epochs at most, the loss is ${formatNumber(all.at(-1)?.loss ?? Number.NaN)} after ${formatCount(all.length)}`,
      })}
      judge={judgeOverfitting}
    >
      {epochs.length > 0 && (
        <LineChart
          title="Loss on the examples"
          xName="epoch"
          series={[
            { name: 'Loss', colour: 'train', x: epochs.map(({ epoch }) => epoch), y: epochs.map(({ loss }) => loss) },
          ]}
          isLog
          height={160}
        />
      )}
    </ToolPanel>
  );
}
