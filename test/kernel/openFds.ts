import { readdirSync, readlinkSync } from 'node:fs';

/** What this process has open that BPF made: maps, programs, links, BTF, perf events, epoll and eventfd left out. */
export function openBpfFds(): string[] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // the directory's own descriptor is closed by now
      }
    })
    .filter((target) => /^anon_inode:.?(bpf|btf|\[?perf)/.test(target))
    .sort();
}
