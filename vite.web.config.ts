/** Builds the page in web/ into dist/page/, and says how large it and the library are. */
import { defineConfig } from 'vite';
import { reportSizes } from './bench/bundle-sizes.ts';

export default defineConfig({
  root: 'web',
  base: './',
  assetsInclude: ['**/*.gz'],
  plugins: [reportSizes()],
  // Data sets load when they are used, in the worker too.
  worker: { format: 'es' },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // The report of sizes is all that takes long.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
