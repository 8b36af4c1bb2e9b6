/** Answers calls about the device. */
import { RecipeError } from '../../src/errors.ts';
import type { Handlers } from '../protocol/calls.ts';
import type { DeviceCalls } from '../protocol/device.ts';
import type { DeviceHooks } from './devices.ts';
import type { Workplace } from './workplace.ts';

export function deviceHandlers({ devices, setVisible }: Workplace): Handlers<DeviceCalls> {
  function hooks(): DeviceHooks {
    if (devices.hooks === undefined) throw new RecipeError('', 'is only for tests. Open the page with ?hooks.');
    return devices.hooks;
  }
  return {
    openDevice: ({ want }) => devices.choose(want),
    setVisible,
    countBuffers: () => ({ liveBuffers: hooks().liveBuffers() }),
    loseDevice: () => hooks().lose(),
  };
}
