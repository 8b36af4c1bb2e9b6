/** The sides there are, how each is started, and what they need: the peers' packages and, for SwiftShader, its driver. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBundle, unpackBundle } from '../node/bundled.ts';
import { RecipeError } from '../src/errors.ts';
import type { SideCommand } from './side-process.ts';

/** Found alike from bench/ and, once built, from dist/. */
const peersFolder = join(dirname(fileURLToPath(import.meta.url)), '../bench/peers');

const python = 'python3';

/** Program and arguments of each side; the adapter's name is the last argument. */
const programs: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
  'descent-webgpu': [process.execPath, process.argv[1] ?? '', 'side', 'gpu'],
  'descent-cpu': [process.execPath, process.argv[1] ?? '', 'side', 'cpu'],
  'tfjs-webgpu': [process.execPath, join(peersFolder, 'tfjs.mjs'), 'webgpu'],
  'tfjs-wasm': [process.execPath, join(peersFolder, 'tfjs.mjs'), 'wasm'],
  'jax-js-webgpu': [process.execPath, join(peersFolder, 'jax.mjs'), 'webgpu'],
  'jax-js-wasm': [process.execPath, join(peersFolder, 'jax.mjs'), 'wasm'],
  'torch-cpu': [python, join(peersFolder, 'torch.py'), 'cpu'],
  'torch-cuda': [python, join(peersFolder, 'torch.py'), 'cuda'],
  'torch-cuda-compile': [python, join(peersFolder, 'torch.py'), 'cuda-compile'],
  'torch-cuda-graphs': [python, join(peersFolder, 'torch.py'), 'cuda-graphs'],
};

export const sideNames: readonly string[] = Object.keys(programs);
/** Those that need no CUDA, and the GPU of Descent. */
export const usualSides = sideNames.filter((name) => name !== 'descent-cpu' && !name.includes('cuda'));

/** Throws RecipeError if one of the names is no side. */
export function checkSideNames(names: readonly string[]): void {
  const wrong = names.filter((name) => !Object.hasOwn(programs, name));
  if (wrong.length === 0) return;
  const what = wrong.length === 1 ? `"${wrong[0]}" is no side` : `"${wrong.join('", "')}" are no sides`;
  throw new RecipeError('--sides', `${what}. There are ${sideNames.join(', ')}.`);
}

/** How to start a side, by a name that was checked, on an adapter. */
export async function sideCommand(name: string, adapter: string | undefined): Promise<SideCommand> {
  const [named, ...args] = programs[name] ?? [name];
  const file = named === python ? findPython() : named;
  const wantsAdapter = name.endsWith('-webgpu') && adapter !== undefined;
  return {
    name,
    file,
    args: wantsAdapter ? [...args, adapter] : args,
    ...(wantsAdapter && { environment: await driverEnvironment(adapter) }),
  };
}

/** A Python that has PyTorch: the one on the path, else the system's, for which Debian packages it. */
function findPython(): string {
  const hasTorch = (file: string): boolean => spawnSync(file, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
  return [python, '/usr/bin/python3'].find(hasTorch) ?? python;
}

/** Names SwiftShader's driver to a process that cannot find the bundled one by itself; drivers that the user named stay. */
async function driverEnvironment(adapter: string): Promise<Record<string, string>> {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, LD_LIBRARY_PATH } = process.env;
  const bin = findBundle();
  if (!/swiftshader/i.test(adapter) || VK_DRIVER_FILES || VK_ICD_FILENAMES || bin === undefined) return {};
  const folder = await unpackBundle(bin, 'swiftshader', ['swiftshader.tar.br']);
  return {
    VK_DRIVER_FILES: join(folder, 'vk_swiftshader_icd.json'),
    // The package brings the Vulkan loader too, which a machine without drivers lacks.
    LD_LIBRARY_PATH: [folder, LD_LIBRARY_PATH].filter(Boolean).join(':'),
  };
}

/** Installs the peers' packages, apart from the project's own, unless they are there. */
export function installPeers(): void {
  if (existsSync(join(peersFolder, 'node_modules'))) return;
  const action = existsSync(join(peersFolder, 'package-lock.json')) ? 'ci' : 'install';
  // npm's own words are no result.
  const { status } = spawnSync('npm', [action, '--prefix', peersFolder], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ${action} --prefix ${peersFolder} failed. Mend that, or name other --sides.`);
}
