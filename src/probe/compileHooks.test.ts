import { expect, test } from '@jest/globals';
import type { CompileOptions } from './compilePoint.ts';
import { columns, faults, plan, programs } from './testing/compileOnFake.ts';
import { formatText } from './testing/fakeKernel.ts';

test('a call that never returns has no result', () => {
  expect(faults({ attach: 'syscall/exit_group', filter: 'retval < 0' })[0]).toMatch(
    /exit_group never returns/,
  );
});

test('a system call goes by the name of the C library as well', () => {
  const made = plan({ attach: 'syscall/stat' });
  expect(programs(made)).toEqual(['single syscall/single tracepoint syscalls sys_enter_newstat']);
  expect(made.notes).toContain('the kernel calls this system call newstat');
});

test('the copy of its strings that a newer kernel adds to a system call is no argument', () => {
  // Linux 7: sys_enter_openat ends with __filename_val, which BPF programs are not given.
  const format = formatText('sys_enter_openat', [
    ['int __syscall_nr', 8, 4, true],
    ['int dfd', 16, 8],
    ['const char * filename', 24, 8],
    ['__data_loc char[] __filename_val', 48, 4],
  ]);
  const changes = { formats: { 'syscalls/sys_enter_openat': format } };
  expect(columns(plan({ attach: 'syscall/openat' }, changes))).toEqual(['dfd Int64', 'filename String']);
  expect(columns(plan({ attach: 'tracepoint/syscalls/sys_enter_openat' }, changes))).toEqual([
    'syscall_nr Int64',
    'dfd Int64',
    'filename String',
  ]);
});

test('a tracepoint is read from its record', () => {
  const made = plan({ attach: 'tracepoint/sock/state' });
  expect(programs(made)).toEqual(['single tracepoint/single tracepoint sock state']);
  expect(columns(made)).toEqual(['skaddr Uint64', 'oldstate Int64', 'saddr Ip', 'name String', 'done Bool']);
  expect(made.fields.map(({ value }) => [value.source, value.offset, value.size])).toEqual([
    ['context', 8, 8],
    ['context', 16, 4],
    ['contextAddress', 20, 0],
    ['contextAddress', 24, 0],
    ['context', 32, 1],
  ]);
  expect(made.columns[1]?.enumNames).toEqual({ 1: 'OPEN', 7: 'CLOSED' });
  expect(made.programs[0]?.interrupts).toBe(true);
});

test('strings and bytes elsewhere in the record are found through their __data_loc or __rel_loc word', () => {
  const made = plan({ attach: 'tracepoint/sched/sched_process_exec' });
  expect(columns(made)).toEqual(['filename String', 'arg_pid Int64', 'raw Bytes', 'odd String']);
  expect(made.fields[made.columns[3]?.field ?? -1]).toMatchObject({
    kind: 'string',
    value: { source: 'relLoc', offset: 20 },
  });
  expect(made.fields[0]).toMatchObject({ kind: 'string', value: { source: 'dataLoc', offset: 8 } });
  const raw = made.fields[made.columns[2]?.field ?? -1];
  expect(raw).toMatchObject({ kind: 'bytes', value: { source: 'dataLoc', offset: 16 } });
  // The length is the high half of the word.
  expect(made.fields[raw?.lengthField ?? -1]).toMatchObject({
    value: { source: 'context', offset: 18, size: 2 },
  });
});

test('a kprobe without result is one kprobe', () => {
  expect(programs(plan({ attach: 'kprobe/vfs_unlink' }))).toEqual(['single kprobe/single kprobe vfs_unlink']);
});

test('a kprobe with its result is one fexit where the kernel has it, with its duration fentry and fexit', () => {
  const result = plan({ attach: 'kprobe/vfs_read', capture: [{ name: 'count' }, { name: 'retval' }] });
  expect(programs(result)).toEqual(['single trace/single_return fexit vfs_read']);
  const duration = plan({ attach: 'kprobe/vfs_read', capture: [{ name: 'duration' }] });
  expect(programs(duration)).toEqual([
    'entry trace/enter fentry vfs_read',
    'exit trace/leave fexit vfs_read',
  ]);
});

test('without fexit a kprobe with its result is kprobe and kretprobe, and says what that misses', () => {
  const made = plan(
    { attach: 'kprobe/vfs_read', capture: [{ name: 'retval' }] },
    { lacking: { fexit: 'no BTF' } },
  );
  expect(programs(made)).toEqual([
    'entry kprobe/enter kprobe vfs_read',
    'exit kprobe/leave kretprobe vfs_read',
  ]);
  expect(made.notes.join('\n')).toMatch(
    /no fexit \(no BTF\).*of 200 sleeping calls on two CPUs it saw 10 return/,
  );
});

test('a function without type information has arguments by number', () => {
  const made = plan({
    attach: 'kprobe/bare',
    capture: [{ name: 'first', value: 'args[0]' }, { name: 'arg5' }],
  });
  expect(columns(made)).toEqual(['first Uint64', 'arg5 Uint64']);
  expect(made.programs[0]?.argumentCount).toBe(6);
});

test('a kretprobe with nothing but the result is one program, with arguments a pair', () => {
  expect(programs(plan({ attach: 'kretprobe/vfs_read' }))).toEqual([
    'single kprobe/single_return kretprobe vfs_read',
  ]);
  expect(
    programs(plan({ attach: 'kretprobe/vfs_read', capture: [{ name: 'count' }, { name: 'retval' }] })),
  ).toEqual(['entry kprobe/enter kprobe vfs_read', 'exit kprobe/leave kretprobe vfs_read']);
});

test('an fexit captures the result by itself, an fentry has none', () => {
  expect(columns(plan({ attach: 'fexit/vfs_unlink' }))).toEqual([
    'dentry Path',
    'mode Uint64',
    'retval Int64',
  ]);
  expect(columns(plan({ attach: 'fentry/vfs_unlink' }))).toEqual(['dentry Path', 'mode Uint64']);
  expect(faults({ attach: 'fentry/vfs_unlink', capture: [{ name: 'retval' }] })).toEqual([
    'spec.points[0].capture[0].name: function vfs_unlink has no retval here: fentry runs before the function: use fexit/vfs_unlink',
  ]);
});

test('a ksyscall is a kprobe on the wrapper of its architecture with the arguments of the call', () => {
  const made = plan({ attach: 'ksyscall/openat' });
  expect(programs(made)).toEqual(['single kprobe/syscall_single ksyscall openat']);
  expect(columns(made)).toEqual(['dfd Int64', 'filename String', 'flags Int64', 'mode Uint64']);
  expect(made.fields[1]?.user).toBe(true);
  expect(faults({ attach: 'ksyscall/openat' }, { architecture: 'arm64' })[0]).toMatch(
    /no function __arm64_sys_openat/,
  );
});

test('a raw tracepoint has the arguments of its trace function, by name', () => {
  const made = plan({
    attach: 'raw_tracepoint/sched_switch',
    capture: [{ name: 'preempt' }, { name: 'who', value: 'args.prev.comm' }],
  });
  expect(programs(made)).toEqual(['single raw_tracepoint/single rawTracepoint sched_switch']);
  expect(columns(made)).toEqual(['preempt Bool', 'who String']);
  expect(made.fields[1]?.value).toMatchObject({ source: 'argument', index: 1, offset: 32 });
});

test('an LSM hook has the arguments of its function', () => {
  const made = plan({ attach: 'lsm/file_open' });
  expect(programs(made)).toEqual(['single lsm/single lsm file_open']);
  expect(columns(made)).toEqual(['file Path']);
});

const binary = { path: '/usr/lib/libc.so.6', root: 'Host' as const };
const binaries = { '/usr/lib/libc.so.6': ['getaddrinfo', 'malloc', 'memcpy@@GLIBC_2.14'] };

test('a uprobe has arguments by number, which its capture gives types', () => {
  const capture = [
    { name: 'host', value: 'args.arg0', type: 'String' as const },
    { name: 'flags', value: 'args[1]' },
  ];
  const made = plan({ attach: 'uprobe/getaddrinfo', binary, capture }, { binaries });
  expect(programs(made)).toEqual(['single kprobe/single uprobe /usr/lib/libc.so.6 getaddrinfo']);
  expect(columns(made)).toEqual(['host String', 'flags Uint64']);
  expect(made.fields[0]).toMatchObject({ kind: 'string', user: true });
  expect(programs(plan({ attach: 'uretprobe/malloc', binary }, { binaries }))).toEqual([
    'single kprobe/single_return uretprobe /usr/lib/libc.so.6 malloc',
  ]);
  expect(
    plan({ attach: 'uprobe/memcpy', binary, filter: 'duration > duration("1ms")' }, { binaries }).programs,
  ).toHaveLength(2);
});

test('the file of a uprobe is where the host has it', () => {
  const options: CompileOptions = {
    binary: ({ path }) => (path === '/lib/x' ? '/usr/lib/libc.so.6' : undefined),
  };
  const made = plan(
    { attach: 'uprobe/malloc', binary: { path: '/lib/x', root: 'Containers' } },
    { binaries },
    options,
  );
  expect(made.programs[0]?.hook).toMatchObject({ path: '/usr/lib/libc.so.6' });
});
