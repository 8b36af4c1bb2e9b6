/**
 * Finds the browser for the browser tests and for the benchmark of the page: the one that DESCENT_CHROMIUM names, else the headless shell
 * from npm (Linux x64, no root needed), else an installed Chrome. On Linux it computes on its own SwiftShader, so that the tests need no
 * GPU, unless the machine's GPU is asked for.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBundle, unpackBundle } from '../node/bundled.ts';
import { DeviceError } from '../src/errors.ts';

/** Playwright's launch options, as far as they are ours. */
export interface BrowserLaunch {
  readonly executablePath?: string;
  readonly channel?: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
}

function argumentsFor(gpu: boolean): string[] {
  const args = ['--enable-unsafe-webgpu'];
  if (process.platform !== 'linux') return args;
  return [...args, '--no-sandbox', ...(gpu ? ['--enable-features=Vulkan'] : ['--use-webgpu-adapter=swiftshader'])];
}

/** Where the browser is and how it is started. Throws DeviceError when DESCENT_CHROMIUM names no file. */
export async function findBrowser({ gpu = false } = {}): Promise<BrowserLaunch> {
  const args = argumentsFor(gpu);
  const named = process.env['DESCENT_CHROMIUM'];
  if (named) {
    if (!existsSync(named)) {
      throw new DeviceError(`DESCENT_CHROMIUM=${named}: there is no such browser. Correct the path or unset it.`);
    }
    return { executablePath: named, args };
  }
  const bin = findBundle();
  if (bin === undefined) return { channel: 'chrome', args };
  // The shell looks for SwiftShader beside itself; the other archive brings the libraries a bare system lacks.
  const folder = await unpackBundle(bin, 'chromium', ['chromium.br', 'swiftshader.tar.br', 'al2023.tar.br']);
  return {
    executablePath: join(folder, 'chromium'),
    args,
    env: { ...(process.env as Record<string, string>), LD_LIBRARY_PATH: join(folder, 'lib') },
  };
}
