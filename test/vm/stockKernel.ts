import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDebianSuite } from './debianArchive.ts';
import { execute } from './execute.ts';

/** Where Debian keeps a line of kernels. */
export interface StockKernelSource {
  suite: string;
  /** First numbers of the wanted versions, such as "6.12". */
  series: string;
  /** Packages of a release `VERSION-amd64`, by their prefixes; the first one decides which versions exist. */
  packagePrefixes: readonly string[];
}

/**
 * Fetches the newest kernel of a line into `directory`, as bzImage and lib/modules/RELEASE. Returns its release.
 * When the suite has no kernel of that line any more, the newest it has takes its place, and `say` is told.
 */
export async function fetchStockKernel(
  source: StockKernelSource,
  directory: string,
  archiveDirectory: string,
  say: (line: string) => void,
): Promise<string> {
  const suite = await openDebianSuite(source.suite, archiveDirectory, say);
  const [firstPrefix] = source.packagePrefixes;
  if (firstPrefix === undefined) throw new Error('a kernel source names no package');
  const release = chooseRelease(await suite.names(firstPrefix), firstPrefix, source.series);
  if (release === undefined) throw new Error(`Debian ${source.suite} has no package ${firstPrefix}*-amd64`);
  if (!release.startsWith(`${source.series}.`)) {
    say(`Debian ${source.suite} has no kernel ${source.series} any more: ${release} takes its place`);
  }

  const tree = join(directory, 'packages');
  for (const prefix of source.packagePrefixes) await suite.unpack(prefix + release, tree);
  const found = (await execute('find', [tree, '-name', 'vmlinuz*', '-o', '-path', `*/modules/${release}`]))
    .trim()
    .split('\n');
  const image = found.find((path) => path.includes('vmlinuz'));
  const modules = found.find((path) => path.endsWith(`/modules/${release}`));
  if (!image || !modules)
    throw new Error(`the packages of ${release} lack a vmlinuz or lib/modules/${release}`);
  await rename(image, join(directory, 'bzImage'));
  await execute('mkdir', ['-p', join(directory, 'lib/modules')]);
  await rename(modules, join(directory, 'lib/modules', release));
  await rm(tree, { recursive: true });
  await execute('depmod', ['-b', directory, release]);
  return release;
}

/**
 * The newest release (`VERSION-amd64`) among package names `PREFIXVERSION-amd64`, of the series when there is one.
 * Variants (-rt-amd64, -cloud-amd64, -amd64-unsigned) do not count.
 */
export function chooseRelease(names: readonly string[], prefix: string, series: string): string | undefined {
  const releases = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((release) => /^\d[^-]*-amd64$/.test(release))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return releases.findLast((release) => release.startsWith(`${series}.`)) ?? releases.at(-1);
}
