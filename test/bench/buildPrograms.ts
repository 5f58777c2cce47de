import { build } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from '../vm/execute.ts';

const warnings = ['-O2', '-Wall', '-Wextra', '-Werror'];
/** eBPF halves of the libbpf programs, and which user half runs each. */
export const peerObjects = ['textbook', 'lean', 'hook'] as const;

/**
 * Compiles load.c, the libbpf programs of peers/ and TraceProbe's child processes into a directory two levels below
 * the root, from where the bundles find the addons and objects as the shipped ones do.
 */
export async function buildPrograms(sources: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const peers = join(sources, 'peers');
  // Debian keeps asm/types.h in a directory a machine type, which clang leaves out for the target bpf.
  const multiarch = (await execute('gcc', ['-print-multiarch'])).trim();
  const libbpf = (await execute('pkg-config', ['--cflags', '--libs', 'libbpf'])).trim().split(/\s+/);
  const load = [join(sources, 'load.c'), '-pthread', '-o', join(directory, 'load')];
  const bpf = ['-target', 'bpf', '-mcpu=v3', '-g', ...warnings, `-I/usr/include/${multiarch}`];
  await Promise.all([
    execute('gcc', [...warnings, ...load]),
    ...['textbook', 'lean'].map((name) =>
      execute('gcc', [...warnings, join(peers, `${name}.c`), '-o', join(directory, name), ...libbpf]),
    ),
    ...peerObjects.map((name) =>
      execute('clang', [...bpf, '-c', join(peers, `${name}.bpf.c`), '-o', join(directory, `${name}.bpf.o`)]),
    ),
    // Bundled as the command line is: a process of loose sources is 30 MB larger.
    build({
      entryPoints: ['traceprobeChild', 'memoryChild'].map((name) => join(sources, `${name}.ts`)),
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      logLevel: 'warning',
      // CommonJS packages call require(), which an ES module does not have.
      banner: {
        js: "import { createRequire as bundled } from 'node:module'; const require = bundled(import.meta.url);",
      },
    }),
  ]);
}
