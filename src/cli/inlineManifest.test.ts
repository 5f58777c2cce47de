import { expect, test } from '@jest/globals';
import { hooksCalled } from './inlineManifest.ts';

const known = {
  name: 'vfs_read',
  count: 1,
  ...{ module: undefined, traceable: true, blacklisted: false, overridable: false },
};
const kernel = {
  tracefs: {
    syscalls: () => ['openat', 'read'],
    tracepoints: () => ['sched/sched_switch', 'filelock/openat', 'sched/sched_switch_more'],
  },
  functions: { find: (name: string) => (name === 'vfs_read' ? known : undefined) },
};

test.each([
  ['openat', ['syscall/openat', 'tracepoint/filelock/openat']],
  ['sched_switch', ['tracepoint/sched/sched_switch']],
  ['sched/sched_switch', ['tracepoint/sched/sched_switch']],
  ['tracepoint/sched_switch', ['tracepoint/sched/sched_switch']],
  ['vfs_read', ['kprobe/vfs_read']],
  ['nothing', []],
  ['', []],
])('%j can stand for %j', (attach, hooks) => {
  expect(hooksCalled(attach, kernel)).toEqual(hooks);
});
