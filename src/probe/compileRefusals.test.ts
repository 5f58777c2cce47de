import { expect, test } from '@jest/globals';
import { compileProbe } from './compile.ts';
import { ProbeRefusedError } from './resolve/planError.ts';
import { faults, kernelWith, plan, probeOf } from './testing/compileOnFake.ts';
import type { Point } from './testing/compileOnFake.ts';
import type { FakeKernel } from './testing/fakeKernel.ts';

const binary = { path: '/usr/lib/libc.so.6', root: 'Host' as const };
const binaries = { '/usr/lib/libc.so.6': ['getaddrinfo', 'malloc', 'memcpy@@GLIBC_2.14'] };

test('the strings of an exec cannot be had at its return, its result can', () => {
  expect(faults({ attach: 'syscall/execve', capture: [{ name: 'filename' }, { name: 'retval' }] })).toEqual([
    'spec.points[0].capture[0].name: a successful execve replaces the program, so the strings that its arguments ' +
      'point to cannot be read any more when it returns: leave out retval and duration (syscall/execve then records ' +
      'at the entry), or use builtin: {name: processes}, which records every exec with its arguments and every exit',
  ]);
  expect(plan({ attach: 'syscall/execve', capture: [{ name: 'retval' }] }).programs).toHaveLength(2);
  expect(plan({ attach: 'syscall/execve' }).programs).toHaveLength(1);
});

test.each<[string, Point, FakeKernel, string]>([
  [
    'an unknown tracepoint',
    { attach: 'tracepoint/sock/stat' },
    {},
    'spec.points[0].attach: this kernel (6.12.0-test) has no tracepoint sock/stat; did you mean sock/state?',
  ],
  [
    'an unknown system call',
    { attach: 'syscall/opnat' },
    {},
    'spec.points[0].attach: this kernel (6.12.0-test, x64) has no system call opnat; did you mean openat?',
  ],
  [
    'tracefs not mounted',
    { attach: 'syscall/openat' },
    { formats: {} },
    'spec.points[0].attach: system calls are found through tracefs: tracefs is not mounted at',
  ],
  [
    'an unknown function',
    { attach: 'kprobe/vfs_unlnik' },
    {},
    'spec.points[0].attach: this kernel (6.12.0-test) has no function vfs_unlnik that probes can reach: it may be inlined, renamed, or in a module that is not loaded; did you mean vfs_unlink?',
  ],
  [
    'a function of which there are two',
    { attach: 'kprobe/twice' },
    {},
    'spec.points[0].attach: kprobe/twice cannot be attached: this kernel (6.12.0-test) has 2 functions of that name',
  ],
  [
    'a forbidden function',
    { attach: 'kprobe/vfs_read' },
    { blacklist: ['vfs_read'] },
    'spec.points[0].attach: kprobe/vfs_read cannot be attached: the kernel forbids probes on vfs_read',
  ],
  [
    'a kernel without kprobes',
    { attach: 'kprobe/vfs_read' },
    { lacking: { kprobe: 'EPERM' } },
    'spec.points[0].attach: kprobe/vfs_read needs kprobes (CONFIG_KPROBE_EVENTS; forbidden by lockdown=confidentiality), which this kernel (6.12.0-test) or these capabilities do not give: EPERM',
  ],
  [
    'a kernel without BPF LSM',
    { attach: 'lsm/file_open' },
    { lacking: { lsm: 'bpf is not in lsm=' } },
    'spec.points[0].attach: lsm/file_open needs BPF LSM programs',
  ],
  [
    'an unknown LSM hook',
    { attach: 'lsm/fileopen' },
    {},
    'spec.points[0].attach: this kernel (6.12.0-test) has no LSM hook fileopen; did you mean file_open?',
  ],
  [
    'an unknown raw tracepoint',
    { attach: 'raw_tracepoint/sched_swich' },
    {},
    'spec.points[0].attach: this kernel (6.12.0-test) has no raw tracepoint sched_swich; did you mean sched_switch?',
  ],
  [
    'an unknown symbol',
    { attach: 'uprobe/mallok', binary },
    { binaries },
    'spec.points[0].attach: /usr/lib/libc.so.6 has no function mallok; did you mean malloc?',
  ],
  [
    'a file that is no program',
    { attach: 'uprobe/malloc', binary },
    {},
    'spec.points[0].binary.path: /usr/lib/libc.so.6 is no program or library that uprobes can be attached to: not an ELF file',
  ],
  [
    'a hook of a later version',
    { attach: 'usdt/python:function__entry', binary },
    {},
    'spec.points[0].attach: usdt is not supported yet by this version of TraceProbe',
  ],
  [
    'aggregation',
    {
      attach: 'syscall/openat',
      aggregate: { values: [{ function: 'Count' }], interval: '10s', maxKeys: 10 },
    },
    {},
    'spec.points[0].aggregate: aggregate is not supported yet by this version of TraceProbe',
  ],
  [
    'an unknown argument',
    { attach: 'syscall/openat', capture: [{ name: 'filenam' }] },
    {},
    'spec.points[0].capture[0].name: system call openat has no argument filenam, and the capture has no value that says where filenam comes from; did you mean filename? There are: dfd, filename, flags, mode, retval, duration',
  ],
  [
    'what every event has',
    { attach: 'syscall/openat', capture: [{ name: 'when', value: 'time' }] },
    {},
    'spec.points[0].capture[0].value: every event has time already: leave this capture out',
  ],
  [
    'a length that is none',
    {
      attach: 'syscall/write',
      capture: [{ name: 'data', value: 'args.buf', type: 'Bytes', length: 'args.buf' }],
    },
    {},
    'spec.points[0].capture[0].length: args.buf is a const char *, which is no length',
  ],
  [
    'the result of a tracepoint',
    { attach: 'tracepoint/sock/state', capture: [{ name: 'retval' }] },
    {},
    'spec.points[0].capture[0].name: tracepoint sock/state has no retval here: a tracepoint is one moment, not a call',
  ],
  [
    'strings that no record holds',
    {
      attach: 'syscall/openat',
      capture: ['a', 'b', 'c'].map((name) => ({
        name,
        value: 'args.filename',
        type: 'String',
        maxBytes: 65536 - name.charCodeAt(0),
      })),
    },
    {},
    'spec.points[0].capture: strings and buffers of one event may take 131072 bytes at most, and these may take 65439 + 65438 + 65437 = 196314: lower maxBytes or capture fewer of them',
  ],
])('%s is refused in words', (_, point, changes, message) => {
  const found = faults(point, changes);
  expect(found).toHaveLength(1);
  expect(found[0]?.slice(0, message.length)).toBe(message);
});

test('all that is wrong is said at once, each with its place', () => {
  using kernel = kernelWith();
  const probe = probeOf(
    {
      attach: 'syscall/openat',
      capture: [
        { name: 'x', value: 'args.nope' },
        { name: 'y', value: 'args.flags.z' },
      ],
    },
    { attach: 'syscall/nope' },
  );
  expect.assertions(1);
  try {
    compileProbe(probe, kernel);
  } catch (error) {
    expect(
      (error as ProbeRefusedError).faults.map(({ path, offset, reason }) => [path.join('.'), offset, reason]),
    ).toEqual([
      ['spec.points.0.capture.0.value', 5, 'UnknownField'],
      ['spec.points.0.capture.1.value', 11, 'NotAPointer'],
      ['spec.points.1.attach', undefined, 'UnknownSyscall'],
    ]);
  }
});

test('a filter is refused with its column and the name that was meant', () => {
  expect(faults({ attach: 'syscall/openat', filter: 'filenam == "x"' })[0]).toMatch(
    /^spec\.points\[0\]\.filter: filter, column 1: .*filenam[^]*filename/,
  );
  expect(faults({ attach: 'syscall/openat', capture: [{ name: 'dfd' }], filter: 'flags == 1' })[0]).toMatch(
    /flags is not captured: write args\.flags/,
  );
});
