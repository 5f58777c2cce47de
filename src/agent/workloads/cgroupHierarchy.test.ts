import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cgroupsBelow, mountedCgroups } from './cgroupHierarchy.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-cgroup-'));
  for (const name of ['memory', 'unified']) mkdirSync(join(directory, name));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('a tree of version 2 is taken as it is', () => {
  writeFileSync(join(directory, 'cgroup.controllers'), '');
  expect(cgroupsBelow(directory)).toEqual({ root: directory, version: 2 });
});

test('with version 1, and v2 beside it, the kubelet goes by the memory controller', () => {
  writeFileSync(join(directory, 'memory', 'cgroup.procs'), '');
  writeFileSync(join(directory, 'unified', 'cgroup.controllers'), '');
  expect(cgroupsBelow(directory)).toEqual({ root: join(directory, 'memory'), version: 1 });
});

test('where there are none, what to mount is said', () => {
  expect(() => cgroupsBelow(directory)).toThrow(`${directory} holds no cgroups`);
});

const v2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate';
const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 /a /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory,hugetlb
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;

test.each([
  ['version 2', v2, { root: '/sys/fs/cgroup', version: 2 }],
  ['version 1 and 2', hybrid, { root: '/sys/fs/cgroup/memory', version: 1 }],
  [
    'version 2 with controllers in v1 that pods are not known by',
    `${hybrid.split('\n')[1] ?? ''}\n${v2}`,
    { root: '/sys/fs/cgroup', version: 2 },
  ],
  ['nothing', '22 1 0:21 / /proc rw - proc proc rw', undefined],
])('of mounts: %s', (_, mountinfo, expected) => {
  expect(mountedCgroups(mountinfo)).toEqual(expected);
});
