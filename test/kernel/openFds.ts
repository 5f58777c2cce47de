import { readdirSync, readlinkSync } from 'node:fs';

/** Test files share a process: what one has left open is its own failure, not that of those behind it. */
const before = new Set(bpfFds().map(([fd]) => fd));

/**
 * What this test file has open that BPF made, or a program that only imports this: maps, programs, links, BTF, perf
 * events; epoll and eventfd left out.
 */
export function openBpfFds(): string[] {
  return bpfFds()
    .filter(([fd]) => !before.has(fd))
    .map(([, target]) => target)
    .sort();
}

function bpfFds(): [fd: string, target: string][] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd): [string, string][] => {
      try {
        return [[fd, readlinkSync(`/proc/self/fd/${fd}`)]];
      } catch {
        return []; // the directory's own descriptor is closed by now
      }
    })
    .filter(([, target]) => /^anon_inode:.?(bpf|btf|\[?perf)/.test(target));
}
