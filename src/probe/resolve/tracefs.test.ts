import { expect, test } from '@jest/globals';
import { fakeKernel, formatText, syscallFormat } from '../testing/fakeKernel.ts';
import { Tracefs } from './tracefs.ts';

test('tracepoints are listed by category and name', () => {
  using kernel = fakeKernel({
    formats: {
      'sched/sched_switch': formatText('sched_switch', []),
      'syscalls/sys_enter_openat': syscallFormat('openat', 'int dfd'),
      'syscalls/sys_exit_openat': formatText('sys_exit_openat', []),
    },
  });
  expect(kernel.tracefs.tracepoints().sort()).toEqual([
    'sched/sched_switch',
    'syscalls/sys_enter_openat',
    'syscalls/sys_exit_openat',
  ]);
  expect(kernel.tracefs.syscalls()).toEqual(['openat']);
  expect(kernel.tracefs.unavailable()).toBeUndefined();
});

test('a tracepoint that is not there has no format', () => {
  using kernel = fakeKernel({ formats: { 'sched/sched_switch': formatText('sched_switch', []) } });
  expect(kernel.tracefs.format('sched', 'sched_switch')?.name).toBe('sched_switch');
  expect(kernel.tracefs.format('sched', 'nope')).toBeUndefined();
  expect(kernel.tracefs.format('nope', 'nope')).toBeUndefined();
});

test('a tracefs that is not mounted says how to mount it', () => {
  expect(new Tracefs('/nowhere').unavailable()).toBe(
    'tracefs is not mounted at /nowhere: mount -t tracefs tracefs /nowhere',
  );
});
