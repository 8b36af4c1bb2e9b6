/** Name, views, the device that computes, colours. */
import { useEffect, useRef } from 'preact/hooks';
import type { DeviceInfo } from './protocol/device.ts';
import { chooseDevice, device, deviceFault, wantedDevice } from './state/device.ts';
import { isBusy } from './state/run.ts';
import { ShareButton } from './share/share-button.tsx';
import { chooseTheme, showView, theme, themes, view, views } from './state/view.ts';
import type { Theme, View } from './state/view.ts';
import { Segmented } from './ui/fields.tsx';
import { formatBytes } from './ui/format.ts';
import { Icon } from './ui/icons.tsx';
import { Notice } from './ui/panel.tsx';

const titles: Readonly<Record<View, string>> = {
  train: 'Train',
  search: 'Search',
  verify: 'Verify',
  runs: 'Runs',
  data: 'Data',
};
const themeNames: Readonly<Record<Theme, string>> = {
  system: 'Colours as the system',
  light: 'Light colours',
  dark: 'Dark colours',
};

export function Header() {
  return (
    <header class="app-header">
      <h1 class="brand">
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <path
            d="M2 3c3 0 3.2 8 6.2 10.2S14 15 18 15.5"
            fill="none"
            stroke="var(--accent)"
            stroke-width="2.2"
            stroke-linecap="round"
          />
          <circle cx="18" cy="15.5" r="2" fill="var(--series-validation)" />
        </svg>
        Descent
      </h1>
      <nav aria-label="Views">
        {views.map((each) => (
          <a
            key={each}
            href={`#${each}`}
            aria-current={view.value === each ? 'page' : undefined}
            onClick={() => showView(each)}
          >
            {titles[each]}
          </a>
        ))}
      </nav>
      <span class="spacer" />
      <ShareButton />
      <DeviceChip />
      <div class="segmented" role="group" aria-label="Colours">
        {themes.map((each) => (
          <button
            key={each}
            type="button"
            aria-label={themeNames[each]}
            title={themeNames[each]}
            aria-pressed={theme.value === each}
            onClick={() => chooseTheme(each)}
          >
            <Icon name={each} />
          </button>
        ))}
      </div>
    </header>
  );
}

/** What computes; opens to the choice between the GPU and the CPU path. */
function DeviceChip() {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      const chip = details.current;
      if (chip === null || !chip.open) return;
      const isOutside = event.type === 'pointerdown' && !chip.contains(event.target as Node);
      if (!isOutside && !(event instanceof KeyboardEvent && event.key === 'Escape')) return;
      chip.open = false;
      if (!isOutside) chip.querySelector('summary')?.focus();
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, []);
  const info = device.value;
  const name = info?.name ?? (deviceFault.value === undefined ? 'Looking for an adapter' : 'No device');
  return (
    <details class="device-chip" ref={details}>
      <summary aria-label={`Device: ${name}`} id="adapter" data-kind={info?.kind}>
        <span class="lamp" data-tone={toneOf(info)} />
        <span class="device-name">{name}</span>
        <span class="device-kind">{info?.kind.toUpperCase() ?? '…'}</span>
        {info?.kind === 'gpu' && info.software && <span class="tag">software, slow</span>}
      </summary>
      <div class="device-menu">
        <Segmented
          label="Device"
          value={wantedDevice.value}
          options={[
            { value: 'gpu', text: 'GPU' },
            { value: 'cpu', text: 'CPU path' },
          ]}
          onChange={(want) => void chooseDevice(want)}
        />
        {info !== undefined && <p>{describeDevice(info)}</p>}
        {info?.kind === 'gpu' && (
          <p class="small muted">
            {info.exact
              ? 'Its arithmetic equals that of the CPU path to the bit.'
              : 'It fuses multiplications with additions, so its numbers may differ from those of the CPU path in the last bits.'}{' '}
            Largest buffer: {formatBytes(info.maxBindingBytes)}.
          </p>
        )}
        {info?.problem !== undefined && <p class="small muted">{info.problem}</p>}
        {deviceFault.value !== undefined && <Notice tone="bad">{deviceFault.value}</Notice>}
        {isBusy.value && <p class="small muted">The run in training ends on the device where it began.</p>}
      </div>
    </details>
  );
}

function toneOf(info: DeviceInfo | undefined): 'good' | 'warn' | 'bad' | undefined {
  if (info === undefined) return deviceFault.value === undefined ? undefined : 'bad';
  return info.software ? 'warn' : 'good';
}

function describeDevice({ kind, name, software }: DeviceInfo): string {
  if (kind === 'cpu') return 'The CPU path trains on the processor, in one thread: right, but slow.';
  return software
    ? `${name} is a software adapter, which computes on the processor: right, but slow.`
    : `${name} trains on the graphics processor.`;
}
