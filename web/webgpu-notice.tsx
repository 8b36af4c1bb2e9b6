/** Where the browser gives no WebGPU device: that training goes on without it, and how to get it. */
import { device } from './state/device.ts';
import { Notice } from './ui/panel.tsx';

export function WebGpuNotice() {
  if (device.value?.problem === undefined) return undefined;
  return (
    <Notice tone="warn">
      <details class="webgpu-notice">
        <summary>
          <strong>No WebGPU here.</strong> Networks train on the CPU path instead: with the same results, only slower.{' '}
          <u>How to get WebGPU</u>
        </summary>
        <ul>
          {!isSecureContext && (
            <li>
              Open this page over <code>https://</code> or from <code>localhost</code>: browsers offer WebGPU nowhere
              else.
            </li>
          )}
          <li>
            Use a current browser: Chrome or Edge 113 and later on Windows, macOS, ChromeOS and Android 12; Safari 26;
            Firefox 141 on Windows, 145 on macOS.
          </li>
          <li>
            If it is current, update the graphics driver, and see that the browser's settings allow graphics
            acceleration.
          </li>
          <li>
            As a last resort, for Chrome on Linux or with an old driver: switch on{' '}
            <code>chrome://flags/#enable-unsafe-webgpu</code> and restart. Switch it off again afterwards, since it is
            off for a reason.
          </li>
        </ul>
        <p class="small muted">{device.value.problem}</p>
      </details>
    </Notice>
  );
}
