import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, kernelBuildPackages } from '../../scripts/setup/packages.js';
import { openDebianSuite } from './debianArchive.ts';
import { execute } from './execute.ts';

const fragment = new URL('kprobe-override.config', import.meta.url).pathname;

/**
 * Builds Linux 6.1 from Debian's source with kprobe-override.config on top of tinyconfig, into `directory`/bzImage:
 * 17 minutes on two cores, 4 GB of disk meanwhile. Returns its release.
 */
export async function buildOwnKernel(
  directory: string,
  archiveDirectory: string,
  say: (line: string) => void,
): Promise<string> {
  await ensurePackages(kernelBuildPackages, say);
  const suite = await openDebianSuite('bookworm', archiveDirectory, say);
  const build = join(directory, 'build');
  await suite.unpack('linux-source-6.1', build);
  const tarball = join(build, 'usr/src/linux-source-6.1.tar.xz');
  await execute('tar', ['-xf', tarball, '-C', build]);
  await rm(join(build, 'usr'), { recursive: true });
  const tree = join(build, 'linux-source-6.1');

  say('building Linux 6.1 with kprobe override: about 17 minutes on two cores, once');
  const make = (...args: string[]) => execute('make', ['ARCH=x86_64', ...args], { cwd: tree });
  await make('tinyconfig');
  await execute('scripts/kconfig/merge_config.sh', ['-m', '.config', fragment], { cwd: tree });
  await make('olddefconfig');
  await checkConfiguration(join(tree, '.config'));
  let compiled = 0;
  let saidAt = Date.now();
  await execute('make', ['ARCH=x86_64', `-j${availableParallelism()}`, 'bzImage'], {
    cwd: tree,
    onLine(line) {
      if (/^ +(CC|AS) /.test(line)) compiled++;
      if (Date.now() - saidAt < 60_000) return;
      saidAt = Date.now();
      say(`  ${compiled} files compiled`);
    },
  });

  await copyFile(join(tree, 'arch/x86/boot/bzImage'), join(directory, 'bzImage'));
  const release = (await readFile(join(tree, 'include/config/kernel.release'), 'utf8')).trim();
  await rm(build, { recursive: true });
  return release;
}

/** Takes a kernel that was built elsewhere from the same configuration. Returns its release. */
export async function takeBuiltKernel(image: string, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await copyFile(image, join(directory, 'bzImage'));
  return imageRelease(await readFile(image));
}

/** The release written in a bzImage: Documentation/arch/x86/boot.rst, field kernel_version. */
export function imageRelease(image: Buffer): string {
  if (image.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new Error('not a Linux bzImage');
  const start = image.readUInt16LE(0x20e) + 0x200;
  const text = image.toString('latin1', start, image.indexOf(0, start));
  return text.split(' ')[0] ?? text;
}

/** A misspelt or unmet option silently vanishes in olddefconfig; a kernel without it would fail tests much later. */
async function checkConfiguration(path: string): Promise<void> {
  const made = new Set((await readFile(path, 'utf8')).split('\n'));
  const wanted = (await readFile(fragment, 'utf8')).split('\n').filter((line) => line.startsWith('CONFIG_'));
  const lost = wanted.filter((line) => !made.has(line));
  if (lost.length > 0) throw new Error(`the kernel's configuration does not take: ${lost.join(' ')}`);
}
