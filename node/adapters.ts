/**
 * Finds a WebGPU adapter for Node: a real GPU, else a software adapter of the system, else the SwiftShader from npm.
 * The Vulkan loader reads the environment anew for each Dawn instance, so one process can list the system's adapters
 * and the bundled one; the variable is set only while Dawn looks.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { create, globals } from 'webgpu';
import { DeviceError } from '../src/errors.ts';
import { findBundle, unpackBundle } from './bundled.ts';

/** One adapter, in plain data: what `descent devices` shows. Limits in bytes or counts, as WebGPU names them. */
export interface AdapterDescription {
  /** The driver's own name, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** The driver and its version. */
  readonly driver: string;
  readonly kind: 'gpu' | 'software';
  readonly origin: 'system' | 'bundled';
  readonly backend: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** An adapter that is ready for one `requestDevice`; Dawn gives no second device from it. */
export interface OpenedAdapter {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly description: AdapterDescription;
}

/** The drivers that one search asks: the system's, or one driver file of ours. */
interface DriverSource {
  readonly origin: 'system' | 'bundled';
  readonly driverFile?: string;
}

const BACKENDS = ['metal', 'd3d12', 'vulkan'];
const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;
/** Dawn rounds timestamps to 65 microseconds for the sake of web pages; a profile needs them as they are. */
const exactTimestamps = 'disable-dawn-features=timestamp_quantization';
const NO_SUCH_NAME = 'adapter=(a name that no adapter has)';

/** Dawn crashes the process when what `create()` returned is collected while work is pending: kept for ever. */
const keptInstances = new Map<string, GPU>();
let systemLoaderFound: boolean | undefined;

/** Every adapter of this machine that Dawn can use, the best first. Empty when there is none. */
export async function listAdapters(): Promise<readonly AdapterDescription[]> {
  const opened = [...(await openAll(systemSource())), ...(await openAll(await bundledSource()))];
  return opened.map(({ description }) => description);
}

/**
 * Opens the best adapter, or the best whose name contains `adapter` in either case. `allowSoftware: false` takes
 * real GPUs only. Throws DeviceError, saying what there is and the cure, when none fits.
 */
export async function openAdapter(
  options: { readonly adapter?: string | undefined; readonly allowSoftware?: boolean } = {},
): Promise<OpenedAdapter> {
  const wanted = (options.adapter ?? '').toLowerCase();
  const fits = ({ description }: OpenedAdapter): boolean =>
    description.name.toLowerCase().includes(wanted) && (description.kind === 'gpu' || options.allowSoftware !== false);
  const system = await openAll(systemSource());
  const found = system.find(fits);
  if (found !== undefined) return found;
  const bundled = await openAll(await bundledSource());
  const fallback = bundled.find(fits);
  if (fallback !== undefined) return fallback;
  throw new DeviceError(describeFailure([...system, ...bundled], options.adapter));
}

function describeFailure(opened: readonly OpenedAdapter[], wanted: string | undefined): string {
  const variable = driverVariable();
  if (opened.length === 0) {
    if (variable !== undefined) {
      return `no WebGPU adapter: ${variable}=${process.env[variable]} gives no driver that works; unset it or mend the path.`;
    }
    return (
      'no WebGPU adapter: no graphics driver and no software adapter was found. On Linux x64 the npm package ' +
      '@sparticuz/chromium@147 brings one (run npm ci with optional dependencies), or install Mesa 25 or later ' +
      '(Debian: mesa-vulkan-drivers); elsewhere update the graphics driver. The CPU path needs none: --device cpu.'
    );
  }
  const names = opened.map(({ description }) => `"${description.name}" (${description.kind})`).join(', ');
  if (wanted !== undefined && wanted !== '') {
    return `no adapter fits "${wanted}"; there is ${names}. Use a part of one of these names.`;
  }
  return `no real GPU; there is ${names}. Allow a software adapter, or use the CPU path: --device cpu.`;
}

/** The system's drivers; undefined where asking for them could only print the loader's complaint. */
function systemSource(): DriverSource | undefined {
  if (process.platform !== 'linux' || systemHasLoader() || driverVariable() !== undefined || hasDriverFile()) {
    return { origin: 'system' };
  }
  return undefined;
}

/** The SwiftShader from npm, unpacked; undefined where it is not installed or the user has named drivers. */
async function bundledSource(): Promise<DriverSource | undefined> {
  const bin = findBundle();
  if (bin === undefined || driverVariable() !== undefined) return undefined;
  return { origin: 'bundled', driverFile: join(await unpackSwiftShader(bin), 'vk_swiftshader_icd.json') };
}

function unpackSwiftShader(bin: string): Promise<string> {
  return unpackBundle(bin, 'swiftshader', ['swiftshader.tar.br']);
}

function driverVariable(): (typeof DRIVER_VARIABLES)[number] | undefined {
  return DRIVER_VARIABLES.find((name) => process.env[name]);
}

/** Whether a driver announces itself where every Vulkan loader looks. */
function hasDriverFile(): boolean {
  const { XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const folders = [
    XDG_CONFIG_HOME || join(homedir(), '.config'),
    ...(XDG_CONFIG_DIRS || '/etc/xdg').split(':'),
    '/etc',
    XDG_DATA_HOME || join(homedir(), '.local/share'),
    ...(XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':'),
  ].map((folder) => join(folder, 'vulkan/icd.d'));
  return folders.some((folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.json')));
}

/** Maps a shared library into the process for good, so that Dawn finds it by its name. False if it cannot be found. */
function mapLibrary(path: string): boolean {
  // Not in Node's constants: keeps the library mapped although Node closes what is no addon.
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    return String(error).includes('did not self-register');
  }
}

/** Asked once: after the loader from npm is mapped, its name is found too. */
function systemHasLoader(): boolean {
  systemLoaderFound ??= mapLibrary('libvulkan.so.1');
  return systemLoaderFound;
}

/** On Linux without a Vulkan loader, maps the one from npm before Dawn asks for it. */
async function ensureLoader(): Promise<void> {
  if (process.platform !== 'linux' || systemHasLoader()) return;
  const bin = findBundle();
  if (bin !== undefined) mapLibrary(join(await unpackSwiftShader(bin), 'libvulkan.so.1'));
}

/** Opens every adapter of a source, real GPUs first, otherwise in Dawn's order. */
async function openAll(source: DriverSource | undefined): Promise<OpenedAdapter[]> {
  if (source === undefined) return [];
  await ensureLoader();
  const opened: OpenedAdapter[] = [];
  for (const { backend, name } of await listNames(source)) {
    const gpu = instance(source, [`backend=${backend}`, `adapter=${name}`]);
    const adapter = await requestAdapter(source, gpu);
    if (adapter !== null) opened.push({ gpu, adapter, description: describe(adapter, name, backend, source.origin) });
  }
  return opened.sort(
    (one, other) => Number(one.description.kind === 'software') - Number(other.description.kind === 'software'),
  );
}

/** Asks for an adapter that cannot exist: the refusal is Dawn's only way of listing what there is. */
async function listNames(source: DriverSource): Promise<{ backend: string; name: string }[]> {
  let refusal = '';
  try {
    await requestAdapter(source, instance(source, [NO_SUCH_NAME]));
  } catch (error) {
    refusal = String(error);
  }
  const listed = [...refusal.matchAll(/backend: '(.*?)', name: '(.*)'$/gm)];
  const names = listed.map(([, backend = '', name = '']) => ({ backend, name }));
  const usable = names.filter(({ backend }) => BACKENDS.includes(backend));
  return usable.filter(({ name }, index) => usable.findIndex((other) => other.name === name) === index);
}

function instance(source: DriverSource, flags: string[]): GPU {
  // An instance looks for drivers once.
  const variable = driverVariable();
  const drivers = source.driverFile ?? (variable && process.env[variable]) ?? '';
  const key = [drivers, ...flags].join('\n');
  let gpu = keptInstances.get(key);
  if (gpu === undefined) {
    // GPUBufferUsage and its like, which a browser has as globals too.
    Object.assign(globalThis, globals);
    gpu = create([...flags, exactTimestamps]);
    keptInstances.set(key, gpu);
  }
  return gpu;
}

function requestAdapter({ driverFile }: DriverSource, gpu: GPU): Promise<GPUAdapter | null> {
  // The older of the two names, which loaders of every age read; Dawn looks within the call.
  if (driverFile !== undefined) process.env['VK_ICD_FILENAMES'] = driverFile;
  try {
    return gpu.requestAdapter({ powerPreference: 'high-performance' });
  } finally {
    if (driverFile !== undefined) delete process.env['VK_ICD_FILENAMES'];
  }
}

function describe(
  adapter: GPUAdapter,
  name: string,
  backend: string,
  origin: DriverSource['origin'],
): AdapterDescription {
  const { info, limits } = adapter;
  const isSoftware = info.isFallbackAdapter || /llvmpipe|swiftshader|basic render/i.test(name);
  const limitNames = Object.keys(Object.getPrototypeOf(limits) as object) as (keyof GPUSupportedLimits)[];
  return {
    name,
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    kind: isSoftware ? 'software' : 'gpu',
    origin,
    backend,
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(limitNames.map((limit) => [limit, Number(limits[limit])])),
  };
}
