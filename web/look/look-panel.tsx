/** The inside of the model that the page shows: one view is open at a time, and only that one costs anything. */
import { useEffect } from 'preact/hooks';
import type { LookSubject } from '../protocol/looking.ts';
import { run } from '../state/run.ts';
import { SelectField } from '../ui/fields.tsx';
import { EmptyState, Notice, Panel } from '../ui/panel.tsx';
import { ActivationsView } from './activations.tsx';
import { BoundaryView } from './boundary.tsx';
import { ConfusionView } from './confusion.tsx';
import { DistributionsView } from './distributions.tsx';
import { FitView, ScatterView } from './fit.tsx';
import './look.css';
import { chosenTab, fittingTabs, followSubject, lookFault, member, showTab, subject } from './looking.ts';
import type { LookTab } from './looking.ts';
import { PredictionView } from './prediction.tsx';
import { WeightsView } from './weights.tsx';

const titles: Readonly<Record<LookTab, string>> = {
  prediction: 'Predict',
  activations: 'Activations',
  weights: 'Weights',
  distributions: 'Histograms',
  confusion: 'Confusion',
  boundary: 'Boundary',
  fit: 'Fit',
  scatter: 'Fit',
};

export function LookPanel() {
  useEffect(() => {
    const controller = new AbortController();
    followSubject(controller.signal);
    return () => controller.abort();
  }, []);
  const about = subject.value?.runId === run.value?.id ? subject.value : undefined;
  return (
    <Panel title="Look inside" actions={about !== undefined && about.population > 1 && <MemberField about={about} />}>
      {lookFault.value !== undefined && <Notice tone="warn">{lookFault.value}</Notice>}
      {about === undefined ? <Nothing /> : <Tabs about={about} />}
    </Panel>
  );
}

function Nothing() {
  const { state } = run.value ?? {};
  if (state !== undefined && state !== 'failed') {
    return (
      <EmptyState title="The first step is on its way">
        <p>
          Here you will see the network from inside: what it says, its weights, what every layer makes of a picture.
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Nothing to look at yet">
      <p>
        Train a step to see the network from inside: what it says to a picture that you draw, its weights, what every
        layer answers, where it errs.
      </p>
    </EmptyState>
  );
}

function MemberField({ about: { population } }: { readonly about: LookSubject }) {
  return (
    <SelectField
      label="Member"
      value={String(member.value)}
      options={Array.from({ length: population }, (_, index) => ({
        value: String(index),
        text: `Member ${index + 1}`,
      }))}
      onChange={(value) => {
        member.value = Number(value);
      }}
    />
  );
}

function Tabs({ about }: { readonly about: LookSubject }) {
  const tabs = fittingTabs(about);
  const open = tabs.find((tab) => tab === chosenTab.value) ?? tabs[0] ?? 'prediction';
  return (
    <>
      <div
        class="look-tabs"
        role="tablist"
        aria-label="What to look at"
        onKeyDown={(event) => {
          const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
          const next = step === undefined ? undefined : tabs[(tabs.indexOf(open) + step) % tabs.length];
          if (next === undefined) return;
          event.preventDefault();
          showTab(next);
          document.getElementById(`look-tab-${next}`)?.focus();
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab}
            id={`look-tab-${tab}`}
            type="button"
            role="tab"
            aria-selected={tab === open}
            aria-controls="look-view"
            tabIndex={tab === open ? 0 : -1}
            onClick={() => showTab(tab)}
          >
            {titles[tab]}
          </button>
        ))}
      </div>
      <div id="look-view" role="tabpanel" aria-labelledby={`look-tab-${open}`}>
        <OpenView tab={open} about={about} />
      </div>
    </>
  );
}

function OpenView({ tab, about }: { readonly tab: LookTab; readonly about: LookSubject }) {
  switch (tab) {
    case 'prediction':
      return <PredictionView about={about} />;
    case 'activations':
      return <ActivationsView about={about} />;
    case 'weights':
      return <WeightsView about={about} />;
    case 'distributions':
      return <DistributionsView />;
    case 'confusion':
      return <ConfusionView about={about} />;
    case 'boundary':
      return <BoundaryView about={about} />;
    case 'fit':
      return <FitView about={about} />;
    case 'scatter':
      return <ScatterView about={about} />;
  }
  return tab satisfies never;
}
