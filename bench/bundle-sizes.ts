/**
 * What a browser has to load, gzipped: the core library, the whole library, and the page's main bundle and worker. The build prints it, a test
 * holds the core library to its limit and the engine out of the main bundle.
 */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { InlineConfig, Plugin, Rolldown } from 'vite';

export const mostCoreBytes = 60_000;

/** An entry with all that it imports statically: what is loaded before anything runs. */
export interface Bundle {
  readonly gzippedBytes: number;
  /** Files by path from the top of the project, of those that have any code in it. */
  readonly modules: readonly string[];
}

type Output = Readonly<Record<string, Rolldown.OutputChunk | Rolldown.OutputAsset>>;

const root = fileURLToPath(new URL('..', import.meta.url));

function bundleOf(output: Output): Bundle {
  const chunks = Object.values(output).filter((file) => file.type === 'chunk');
  const taken = new Set(chunks.filter(({ isEntry }) => isEntry));
  // A set goes on with what it gains on the way.
  for (const chunk of taken) {
    for (const name of chunk.imports) {
      const imported = chunks.find(({ fileName }) => fileName === name);
      if (imported !== undefined) taken.add(imported);
    }
  }
  const modules = [...taken].flatMap((chunk) => Object.entries(chunk.modules));
  return {
    gzippedBytes: [...taken].reduce((sum, { code }) => sum + gzipSync(code).length, 0),
    modules: modules.flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id.replace(root, '')] : [])),
  };
}

/** Tells a bundle once it is made. */
function recorder(tell: (bundle: Bundle) => void): Plugin {
  return { name: 'bundle-recorder', generateBundle: (_, output) => tell(bundleOf(output)) };
}

async function buildWith(config: InlineConfig, plugin: Plugin): Promise<void> {
  const { build: options, plugins = [] } = config;
  await build({ ...config, logLevel: 'silent', plugins: [...plugins, plugin], build: { ...options, write: false } });
}

function theOne(bundles: readonly Bundle[], what: string): Bundle {
  const [bundle] = bundles;
  if (bundle === undefined || bundles.length > 1) throw new Error(`the build made ${bundles.length} ${what} bundles`);
  return bundle;
}

/** A program of one file, minified, as a page would have it. */
async function measureProgram(text: string): Promise<Bundle> {
  const id = `${root}src/program.ts`;
  const bundles: Bundle[] = [];
  const program: Plugin = {
    name: 'program',
    resolveId: (source) => (source === id ? id : undefined),
    load: (source) => (source === id ? text : undefined),
  };
  const config: InlineConfig = {
    configFile: false,
    root,
    assetsInclude: ['**/*.gz'],
    plugins: [program],
    build: {
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: id, preserveEntrySignatures: 'strict' },
    },
  };
  await buildWith(
    config,
    recorder((bundle) => bundles.push(bundle)),
  );
  return theOne(bundles, 'program');
}

/** All that a program needs to train a recipe on the GPU or on the CPU path. */
export const measureCore = (): Promise<Bundle> =>
  measureProgram(`export { cpuDevice, loadDataset, openGpuDevice, parseRecipe, train } from './index.ts';`);

/** Every export of the library, and the texts of the shaders. */
export const measureLibrary = (): Promise<Bundle> =>
  measureProgram(`export * from './index.ts'; export { shaderLibrary } from '../shaders/index.ts';`);

/** The page's main bundle, and that of its worker. */
export async function measurePage(): Promise<{ readonly main: Bundle; readonly worker: Bundle }> {
  const mains: Bundle[] = [];
  const workers: Bundle[] = [];
  const config: InlineConfig = {
    configFile: `${root}vite.web.config.ts`,
    worker: { plugins: () => [recorder((bundle) => workers.push(bundle))] },
  };
  await buildWith(
    config,
    recorder((bundle) => mains.push(bundle)),
  );
  return { main: theOne(mains, 'main'), worker: theOne(workers, 'worker') };
}

const sayKilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

/** Prints the sizes after a build that writes. */
export function reportSizes(): Plugin {
  return {
    name: 'report-sizes',
    apply: 'build',
    async writeBundle() {
      const core = await measureCore();
      const library = await measureLibrary();
      const { main, worker } = await measurePage();
      console.log(
        [
          'Gzipped, before anything that loads when it is used:',
          `  core library   ${sayKilobytes(core.gzippedBytes)}, at most ${sayKilobytes(mostCoreBytes)}: training on GPU and CPU path, valibot included; readers of data sets (csv-parse, nanotar, the digits), tuning and profiling load when used`,
          `  whole library  ${sayKilobytes(library.gzippedBytes)}: also search, range test, verification, built-in recipes and the texts of the shaders`,
          `  page           ${sayKilobytes(main.gzippedBytes)} main bundle, ${sayKilobytes(worker.gzippedBytes)} worker`,
        ].join('\n'),
      );
    },
  };
}
