import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runTool } from './runTool.js';
import { filesBelow, stamp } from './stamp.js';
import { withoutSourceLines } from './withoutSourceLines.js';

/** Machine as `uname -m` says it → what libbpf's bpf_tracing.h calls it. */
const architectures = { x86_64: 'x86', aarch64: 'arm64' };

/**
 * Compiles bpf/NAME.bpf.c into build/bpf/MACHINE/NAME.bpf.o, for every machine we support: BPF is the same
 * everywhere, but kprobe programs read the registers of one. That is what is loaded; MACHINE/lines/ has the same with
 * source lines, for the verifier's log when it refuses a program.
 */
export async function buildBpfObjects(root, say) {
  const headers = filesBelow(join(root, 'bpf'), '.h');
  const jobs = filesBelow(join(root, 'bpf'), '.bpf.c').flatMap((source) =>
    Object.entries(architectures).map(([machine, target]) => job(root, source, headers, machine, target)),
  );
  const stale = jobs.filter(({ done }) => !done.isFresh());
  if (stale.length === 0) return;
  say(`compiling BPF programs (${stale.length} objects)`);

  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let next = stale.shift(); next; next = stale.shift()) await compile(root, next);
  });
  await Promise.all(workers);
}

function job(root, source, headers, machine, target) {
  const name = `${basename(source, '.c')}.o`;
  const object = join(root, 'build/bpf', machine, name);
  const withLines = join(root, 'build/bpf', machine, 'lines', name);
  const args = [
    ...['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror'],
    ...[`-D__TARGET_ARCH_${target}`, `-I${join(root, 'bpf/include')}`],
  ];
  // The path of the real clang has its version: /usr/lib/llvm-14/bin/clang.
  const tools = [import.meta.filename, join(import.meta.dirname, 'withoutSourceLines.js')];
  const versions = [{ text: args.join(' ') }, { text: realpathSync('/usr/bin/clang') }];
  const inputs = [source, ...headers, ...tools, ...versions];
  const outputs = [object, withLines];
  const done = stamp(join(root, 'build/stamps', machine, basename(source)), inputs, outputs);
  return { source, object, withLines, args, done };
}

async function compile(root, { source, object, withLines, args, done }) {
  const step = source.slice(root.length);
  const unfinished = `${withLines}.${process.pid}`;
  mkdirSync(dirname(withLines), { recursive: true });
  try {
    await runTool(step, 'clang', [...args, '-c', source, '-o', unfinished]);
    // Without DWARF, of which nothing is read; the kernel gets BTF, which stays.
    await runTool(step, 'llvm-strip', ['-g', unfinished]);
    renameSync(unfinished, withLines);
    writeFileSync(unfinished, withoutSourceLines(readFileSync(withLines)));
    renameSync(unfinished, object);
  } finally {
    rmSync(unfinished, { force: true });
  }
  done.write();
}
