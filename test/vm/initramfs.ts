import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execute } from './execute.ts';
import type { Kernel } from './kernel.ts';
import { withScratchDirectory } from './scratchDirectory.ts';

/** What init needs of a kernel that has it as modules. */
const bootModules = ['virtio_pci', 'virtio_net', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];

/**
 * The first file system of a VM: busybox, init, session and the modules init needs. Returns its path, beside the
 * kernel's image; made anew when one of them changed.
 */
export async function provideInitramfs(kernel: Kernel): Promise<string> {
  const busybox = await realpath(await which('busybox'));
  const sources = [
    busybox,
    new URL('init', import.meta.url).pathname,
    new URL('session', import.meta.url).pathname,
  ];
  const hash = createHash('sha256').update(bootModules.join());
  for (const source of sources) hash.update(await readFile(source));
  const path = join(dirname(kernel.image), `initramfs-${hash.digest('hex').slice(0, 12)}.gz`);
  if (existsSync(path)) return path;

  await withScratchDirectory(async (tree) => {
    await mkdir(join(tree, 'bin'));
    await mkdir(join(tree, 'modules'));
    for (const source of sources) {
      const target = join(tree, basename(source) === 'busybox' ? 'bin/busybox' : basename(source));
      await copyFile(source, target);
      await chmod(target, 0o755);
    }
    if (kernel.modules !== undefined) await copyModules(kernel, kernel.modules, join(tree, 'modules'));
    const archive = join(tree, '.cpio');
    await execute('sh', ['-c', 'find . -path ./.cpio -prune -o -print | cpio --quiet -o -H newc > .cpio'], {
      cwd: tree,
    });
    const made = `${path}.${randomUUID()}`;
    await writeFile(made, gzipSync(await readFile(archive), { level: 1 }));
    await rename(made, path);
  });
  return path;
}

/** Copies the boot modules and what they depend on, uncompressed and numbered in the order to load them. */
async function copyModules(kernel: Kernel, modules: string, target: string): Promise<void> {
  const root = join(modules, '../../..');
  // Lines are `insmod PATH` or `builtin NAME`, dependencies first. A module that is not there counts as built in:
  // 7.2's packages do not list those. Should it really be missing, init fails and its message shows it.
  const script = 'modprobe -d "$0" -S "$1" --show-depends -a $2 2>/dev/null || true';
  const listed = await execute('sh', ['-c', script, root, kernel.release, bootModules.join(' ')]);
  const lines = listed.split('\n').map((line) => line.trim().split(' '));
  const paths = new Set(lines.filter(([verb]) => verb === 'insmod').map(([, path]) => path ?? ''));
  let number = 100;
  for (const path of paths) {
    const copy = join(target, `${number++}-${basename(path)}`);
    await copyFile(path, copy);
    if (copy.endsWith('.xz')) await execute('xz', ['-d', copy]);
    else if (copy.endsWith('.zst')) await execute('zstd', ['-d', '--rm', '-q', copy]);
  }
}

async function which(program: string): Promise<string> {
  return (await execute('sh', ['-c', `command -v ${program}`])).trim();
}
