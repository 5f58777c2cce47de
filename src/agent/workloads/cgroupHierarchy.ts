import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A tree of cgroups in which every pod and container has its own. */
export interface CgroupHierarchy {
  root: string;
  /** 1: that of the memory controller, which the kubelet uses wherever it is mounted, also beside v2 (hybrid). */
  version: 1 | 2;
}

/** What this machine has mounted, as /proc/self/mountinfo tells; undefined: nothing that pods are known by. */
export function mountedCgroups(
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): CgroupHierarchy | undefined {
  const mounts = mountinfo.split('\n').map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    return { root: before.split(' ')[4] ?? '', type, options: options.split(',') };
  });
  const memory = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'));
  if (memory !== undefined) return { root: memory.root, version: 1 };
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  return unified && { root: unified.root, version: 2 };
}

/**
 * What lies below a directory where a node's /sys/fs/cgroup is mounted.
 * @throws Error when there is nothing that pods are known by
 */
export function cgroupsBelow(directory: string): CgroupHierarchy {
  const memory = join(directory, 'memory');
  if (existsSync(join(directory, 'cgroup.controllers'))) return { root: directory, version: 2 };
  if (existsSync(join(memory, 'cgroup.procs'))) return { root: memory, version: 1 };
  throw new Error(
    `${directory} holds no cgroups: neither v2's (no cgroup.controllers in it) nor v1's of the memory controller ` +
      "(no memory/cgroup.procs); mount the node's /sys/fs/cgroup there",
  );
}
