import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePackages, vmPackages } from '../../scripts/setup/packages.js';
import type { Kernel } from './kernel.ts';
import { buildOwnKernel, takeBuiltKernel } from './ownKernel.ts';
import { fetchStockKernel, type StockKernelSource } from './stockKernel.ts';

const here = new URL('.', import.meta.url).pathname;
/** Saves building 6.1-override where it lies beside the repository. */
const builtOwnKernel = join(here, '../../../shared/kernel/bzImage-6.1-override');

const stockKernels: Readonly<Record<string, StockKernelSource>> = {
  '6.12': { suite: 'bookworm-backports', series: '6.12', packagePrefixes: ['linux-image-'] },
  '7.2': { suite: 'sid', series: '7.2', packagePrefixes: ['linux-binary-', 'linux-modules-'] },
};

/**
 * Kernels that tests run on in VMs, oldest first: 6.1-override is built by us so that functions can be overridden,
 * the others are Debian's.
 */
export const kernelNames: readonly string[] = ['6.1-override', ...Object.keys(stockKernels)];

/**
 * A kernel by name, from the cache or else fetched or built into it (6.1-override takes a quarter of an hour, the
 * others seconds). Delete its folder in the cache to get a newer one. `say` is told what takes its time.
 */
export async function provideKernel(
  name: string,
  cache: string,
  say: (line: string) => void,
): Promise<Kernel> {
  if (!kernelNames.includes(name)) {
    throw new Error(`there is no kernel "${name}", only ${kernelNames.join(', ')}`);
  }
  await ensurePackages(vmPackages, say);
  const directory = join(cache, 'kernels', await cacheKey(name));
  if (!existsSync(directory)) {
    // Made aside and renamed, so that a kernel in the cache is always a whole one.
    const making = join(cache, 'kernels', `.${name}-${randomUUID()}`);
    await mkdir(making, { recursive: true });
    try {
      await writeFile(join(making, 'release'), await make(name, making, join(cache, 'debian'), say));
      await rename(making, directory).catch((error: unknown) => {
        if (!existsSync(directory)) throw error; // someone else was quicker
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }

  const release = await readFile(join(directory, 'release'), 'utf8');
  const modules = join(directory, 'lib/modules', release);
  return {
    name,
    release,
    image: join(directory, 'bzImage'),
    ...(existsSync(modules) && { modules }),
  };
}

function make(
  name: string,
  directory: string,
  archive: string,
  say: (line: string) => void,
): Promise<string> {
  const source = stockKernels[name];
  if (source) return fetchStockKernel(source, directory, archive, say);
  if (existsSync(builtOwnKernel)) return takeBuiltKernel(builtOwnKernel, directory);
  return buildOwnKernel(directory, archive, say);
}

/** The own kernel is another one when its configuration changes. */
async function cacheKey(name: string): Promise<string> {
  if (name in stockKernels) return name;
  const hash = createHash('sha256').update(await readFile(join(here, 'kprobe-override.config')));
  return `${name}-${hash.digest('hex').slice(0, 12)}`;
}
