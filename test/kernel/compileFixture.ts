import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What fixtures include of ours. */
const records = fileURLToPath(new URL('../../bpf/include/traceprobe.h', import.meta.url));
const targets: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86', arm64: 'arm64' };
const flags = [
  '-target',
  'bpf',
  '-g',
  '-O2',
  '-Wall',
  '-Werror',
  `-D__TARGET_ARCH_${targets[process.arch] ?? ''}`,
];

/**
 * Compiles test/kernel/fixtures/NAME.bpf.c into build/test and returns the object's path. An object is named after
 * the hash of its source, our header and flags, so it is made once and also found by the same test inside a VM.
 */
export function compileFixture(name: string): string {
  const source = fileURLToPath(new URL(`fixtures/${name}.bpf.c`, import.meta.url));
  const hash = createHash('sha256')
    .update(readFileSync(source))
    .update(readFileSync(records))
    .update(flags.join(' '))
    .digest('hex')
    .slice(0, 16);
  const directory = fileURLToPath(new URL('../../build/test/', import.meta.url));
  const object = `${directory}${name}-${hash}.bpf.o`;
  if (existsSync(object)) return object;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${object}.${process.pid}`;
  // Debian keeps asm/types.h in a directory a machine type, which clang leaves out for the target bpf.
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  execFileSync('clang', [...flags, `-I/usr/include/${multiarch}`, '-c', source, '-o', unfinished]);
  renameSync(unfinished, object);
  return object;
}
