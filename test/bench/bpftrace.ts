import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDebianSuite } from '../vm/debianArchive.ts';
import { execute } from '../vm/execute.ts';

/** bpftrace out of a directory, with the libraries and the loader that it was built for. */
export interface Bpftrace {
  /** Program and first arguments. */
  command: readonly [string, ...string[]];
  /** As it calls itself, such as "v0.27.1". */
  version: string;
}

const loader = 'usr/lib64/ld-linux-x86-64.so.2';

/**
 * The newest bpftrace that Debian has (in sid), with the libraries it needs, kept in the cache: this system's own is
 * years old, and sid's would not start on this system's C library. Delete the folder `bpftrace` of the cache to get a
 * newer one.
 */
export async function provideBpftrace(cache: string, say: (line: string) => void): Promise<Bpftrace> {
  const directory = join(cache, 'bpftrace');
  if (!existsSync(directory)) {
    const suite = await openDebianSuite('sid', join(cache, 'debian'), say);
    // Made aside and renamed, so that what is in the cache is always whole.
    const making = join(cache, `.bpftrace-${randomUUID()}`);
    try {
      await mkdir(making, { recursive: true });
      for (const name of await suite.closure('bpftrace')) await suite.unpack(name, making);
      await rename(making, directory).catch((error: unknown) => {
        if (!existsSync(directory)) throw error; // someone else was quicker
      });
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib'].map((path) => join(directory, path)).join(':');
  const bin = join(directory, 'usr/bin/bpftrace');
  const command = [join(directory, loader), '--library-path', libraries, bin] as const;
  const [program, ...args] = command;
  const version = (await execute(program, [...args, '--version'])).trim().replace(/^bpftrace /, '');
  return { command, version };
}
