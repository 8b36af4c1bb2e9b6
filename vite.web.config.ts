/** Builds the page in web/ into dist/page/. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'web',
  base: './',
  assetsInclude: ['**/*.gz'],
  build: { outDir: '../dist/page', emptyOutDir: true, target: 'es2022' },
});
