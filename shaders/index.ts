/**
 * The text of every shader, by path relative to this folder (`lib/math.wgsl`). Vite inlines the files, so that the
 * built library reads no file at run time.
 */

/// <reference types="vite/client" />
import type { ShaderLibrary } from '../src/shader/assemble.ts';

const files = import.meta.glob<string>('./**/*.wgsl', { query: '?raw', import: 'default', eager: true });

export const shaderLibrary: ShaderLibrary = Object.fromEntries(
  Object.entries(files).map(([path, text]) => [path.slice('./'.length), text]),
);
