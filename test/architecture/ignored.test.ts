// Git leaves out what .gitignore names, in silence: sources must not be among it.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

// A copy of the files without their history ignores nothing.
test.runIf(existsSync(`${root}.git`))('no source file is ignored by git', () => {
  const folders = ['src', 'shaders', 'web', 'node', 'test', 'bench'];
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--', ...folders];
  const ignored = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  expect(ignored.split('\n').filter((path) => path !== '' && !path.includes('node_modules/'))).toEqual([]);
});
