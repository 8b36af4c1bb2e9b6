/**
 * Installs the dependencies if they are missing or older than the lock file, for `npm start` and `npm test` on a fresh
 * clone. Plain JavaScript without dependencies: it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Descent needs Node 20.19 or later; this is ${process.version}.`);
  process.exit(3);
}

/** @param {string} path */
const modifiedMs = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modifiedMs('node_modules/.package-lock.json') < modifiedMs('package-lock.json')) {
  console.error('Installing the dependencies (npm ci) …');
  // With NODE_ENV=production npm would leave out what builds and tests.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  // Under `npm run` this is npm's own script, which needs no PATH.
  const script = process.env.npm_execpath;
  const { status } = script
    ? spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', process.stderr, process.stderr] })
    : spawnSync('npm', args, {
        cwd: root,
        stdio: ['ignore', process.stderr, process.stderr],
        shell: process.platform === 'win32',
      });
  if (status !== 0) {
    console.error('npm ci failed; see its message above. It needs access to the npm registry once.');
    process.exit(status ?? 1);
  }
}
