/** Builds the library (Node and browser entries) and the command line into dist/; `webgpu` and `@resvg/resvg-js`, which are native, and the benchmark's browser driver stay outside. */
import { defineConfig, esmExternalRequirePlugin } from 'vite';

export default defineConfig({
  // Files of dist/ find each other wherever it lies.
  base: './',
  assetsInclude: ['**/*.gz'],
  build: {
    target: 'es2022',
    minify: false,
    lib: {
      entry: {
        index: 'src/index.ts',
        node: 'node/index.ts',
        browser: 'web/index.ts',
        descent: 'node/descent.ts',
        bench: 'bench/peers.ts',
        'bench-page': 'bench/page.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: ['webgpu', '@resvg/resvg-js', 'playwright'],
      // Commander is CommonJS: its `require('node:fs')` has to become an import.
      plugins: [esmExternalRequirePlugin({ external: [/^node:/] })],
    },
  },
});
