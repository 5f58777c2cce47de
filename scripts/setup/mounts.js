import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Refusal } from './refusal.js';

const wanted = [
  { type: 'tracefs', path: '/sys/kernel/tracing', why: 'tracepoints are listed there' },
  { type: 'bpf', path: '/sys/fs/bpf', why: "probes' counters are kept there" },
];

/** Those of `wanted` that a mount table (the text of /proc/self/mounts) lacks. */
export function missingMounts(mountTable, wantedMounts = wanted) {
  const mounted = new Set(
    mountTable.split('\n').map((line) => {
      const [, path, type] = line.split(' ');
      return `${type} ${path}`;
    }),
  );
  return wantedMounts.filter(({ type, path }) => !mounted.has(`${type} ${path}`));
}

/** Mounts tracefs and bpffs where they are not mounted yet, and says so. */
export function ensureMounts(say) {
  for (const { type, path, why } of missingMounts(readFileSync('/proc/self/mounts', 'utf8'))) {
    const command = ['mount', '-t', type, type, path];
    if (process.getuid() !== 0) {
      throw new Refusal(
        `${type} is not mounted at ${path} and this user may not mount it`,
        `Run this as root, or: sudo ${command.join(' ')}`,
      );
    }
    const mount = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
    if (mount.status !== 0) {
      throw new Refusal(
        `cannot mount ${type} at ${path} (${(mount.stderr ?? mount.error.message).trim()})`,
        `Mount it from outside this container, or run where mounting is allowed: ${command.join(' ')}`,
      );
    }
    say(`mounted ${type} at ${path}: ${why}`);
  }
}
