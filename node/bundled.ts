/**
 * The software adapter and the browser that come from npm (`@sparticuz/chromium`, optional, Linux x64): unpacked once
 * into the cache folder, without root. Only the package's archives are used, never its JavaScript, which changes the
 * environment as it is imported.
 */
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, createWriteStream, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { parseTar } from 'nanotar';
import { DeviceError } from '../src/errors.ts';

/** The archives of the package that Descent uses, by file name in its `bin` folder. */
export type BundledArchive = 'swiftshader.tar.br' | 'al2023.tar.br' | 'chromium.br';

/** The folder of the package's archives; undefined where it is not installed or the machine cannot run them. */
export function findBundle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    const bin = join(dirname(main), '..', '..', 'bin');
    return existsSync(join(bin, 'swiftshader.tar.br')) ? bin : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Unpacks archives side by side into one folder of the cache and returns its path. The folder appears whole or not at
 * all, so that processes may race for it; one that is there is used as it is.
 */
export async function unpackBundle(bin: string, name: string, archives: readonly BundledArchive[]): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(join(bin, '..', 'package.json')));
  for (const archive of archives) hash.update(`${archive} ${statSync(join(bin, archive)).size} `);
  const folderName = `${name}-${hash.digest('hex').slice(0, 16)}`;
  const cached = cacheFolders().find((folder) => existsSync(join(folder, folderName)));
  if (cached !== undefined) return join(cached, folderName);

  const cache = await firstWritable(cacheFolders());
  const target = join(cache, folderName);
  const partial = await mkdtemp(join(cache, `${folderName}.`));
  try {
    for (const archive of archives) await unpackArchive(join(bin, archive), partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** Where unpacked files may go, best first. The temporary folder is shared, so its part is used only if it is ours. */
function cacheFolders(): string[] {
  const shared = join(tmpdir(), `descent-${userInfo().username}`);
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const ours = !existsSync(shared) || statSync(shared).uid === userInfo().uid;
  return [join(cache, 'descent'), ...(ours ? [shared] : [])];
}

async function firstWritable(folders: readonly string[]): Promise<string> {
  let reason: unknown;
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rm(await mkdtemp(join(folder, 'writable.')), { recursive: true });
      return folder;
    } catch (error) {
      reason = error;
    }
  }
  const place = folders.join(' and ');
  throw new DeviceError(`the software adapter cannot be unpacked into ${place} (${String(reason)}). Free one of them.`);
}

async function unpackArchive(archive: string, folder: string): Promise<void> {
  const single = /([^/\\]+)\.br$/.exec(archive)?.[1] ?? '';
  if (!single.endsWith('.tar')) {
    await pipeline(createReadStream(archive), createBrotliDecompress(), createWriteStream(join(folder, single)));
    chmodSync(join(folder, single), 0o755);
    return;
  }
  for (const file of parseTar(brotliDecompressSync(await readFile(archive)))) {
    if (file.type !== 'file' || file.data === undefined) continue;
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.data, { mode: 0o755 });
  }
}
