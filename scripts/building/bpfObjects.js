import { mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { runTool } from './runTool.js';
import { filesBelow, stamp } from './stamp.js';

/** Machine as `uname -m` says it → what libbpf's bpf_tracing.h calls it. */
const architectures = { x86_64: 'x86', aarch64: 'arm64' };

/**
 * Compiles bpf/NAME.bpf.c into build/bpf/MACHINE/NAME.bpf.o, for every machine we support: BPF is the same
 * everywhere, but kprobe programs read the registers of one.
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
  const object = join(root, 'build/bpf', machine, `${basename(source, '.c')}.o`);
  const args = [
    ...['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror'],
    ...[`-D__TARGET_ARCH_${target}`, `-I${join(root, 'bpf/include')}`],
  ];
  // The path of the real clang has its version: /usr/lib/llvm-14/bin/clang.
  const inputs = [source, ...headers, { text: args.join(' ') }, { text: realpathSync('/usr/bin/clang') }];
  const done = stamp(join(root, 'build/stamps', machine, basename(source)), inputs, [object]);
  return { source, object, args, done };
}

async function compile(root, { source, object, args, done }) {
  const step = source.slice(root.length);
  const unfinished = `${object}.${process.pid}`;
  mkdirSync(join(object, '..'), { recursive: true });
  try {
    await runTool(step, 'clang', [...args, '-c', source, '-o', unfinished]);
    // Without DWARF, of which nothing is read; the kernel gets BTF, which stays.
    await runTool(step, 'llvm-strip', ['-g', unfinished]);
    renameSync(unfinished, object);
  } finally {
    rmSync(unfinished, { force: true });
  }
  done.write();
}
