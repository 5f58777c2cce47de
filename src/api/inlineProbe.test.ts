import { expect, test } from '@jest/globals';
import { inlineProbe, type InlineProbe } from './inlineProbe.ts';

const pointOf = (options: InlineProbe): unknown => inlineProbe(options).probe.spec.points?.[0];

test('options become a probe of one point with the usual defaults', () => {
  const { probe } = inlineProbe({
    attach: 'kprobe/vfs_unlink',
    capture: ['args.dentry.d_name.name'],
    filter: 'comm == "rm"',
  });
  expect(probe.metadata.name).toBe('vfs-unlink');
  expect(probe.spec).toMatchObject({ limits: { eventsPerSecondPerNode: 10000 }, suspend: false });
  expect(probe.spec.points).toEqual([
    {
      name: 'vfs-unlink',
      attach: 'kprobe/vfs_unlink',
      capture: [{ name: 'name', value: 'args.dentry.d_name.name' }],
      filter: 'comm == "rm"',
    },
  ]);
});

test.each([
  ['args.file.f_flags', { name: 'f_flags', value: 'args.file.f_flags' }],
  ['filename', { name: 'filename' }],
  ['retval', { name: 'retval' }],
  ['args', { name: 'args', value: 'args' }],
  ['Name', { name: 'name', value: 'args.Name' }],
  ['k8s.pod', { name: 'pod', value: 'k8s.pod' }],
  ['args.buf:Bytes', { name: 'buf', value: 'args.buf', type: 'Bytes' }],
  ['file=args.filename', { name: 'file', value: 'args.filename' }],
  ['file=filename', { name: 'file', value: 'args.filename' }],
  ['result=retval', { name: 'result', value: 'retval' }],
  ['result:Int64=retval', { name: 'result', value: 'retval', type: 'Int64' }],
])('--capture %s', (option, item) => {
  expect(pointOf({ attach: 'syscall/openat', capture: [option] })).toMatchObject({ capture: [item] });
});

test('without --capture every field is captured', () => {
  expect(pointOf({ attach: 'syscall/openat' })).toEqual({ name: 'openat', attach: 'syscall/openat' });
});

test('--binary is a path on this host', () => {
  expect(pointOf({ attach: 'uprobe/malloc', binary: '/usr/lib/libc.so.6' })).toMatchObject({
    binary: { path: '/usr/lib/libc.so.6', root: 'Host' },
  });
});

test.each([
  ['tracepoint/sched/sched_process_exec', 'sched-process-exec'],
  ['usdt/libc:setjmp', 'libc-setjmp'],
  ['kprobe/__x64_sys_openat', 'x64-sys-openat'],
  [`kprobe/${'long_'.repeat(20)}`, 'long-long-long-long-long-long-lo'],
])('a probe on %s is called %s', (attach, name) => {
  expect(
    inlineProbe({ attach, binary: attach.startsWith('usdt') ? '/bin/true' : undefined }).probe.metadata.name,
  ).toBe(name);
});

test('--name names the probe', () => {
  expect(inlineProbe({ attach: 'kprobe/vfs_read', name: 'reads' }).probe.metadata.name).toBe('reads');
});

test.each<[string, InlineProbe]>([
  ['--attach: spec.points[0].attach: Invalid value', { attach: 'vfs_read' }],
  ['--binary: spec.points[0].binary: Required value', { attach: 'uprobe/malloc' }],
  ['--binary: spec.points[0].binary: Forbidden', { attach: 'kprobe/vfs_read', binary: '/bin/true' }],
  ['--binary: spec.points[0].binary.path: Invalid', { attach: 'uprobe/malloc', binary: 'bin/true' }],
  ['--name: metadata.name: Invalid value: "A"', { attach: 'kprobe/vfs_read', name: 'A' }],
  ['--filter: spec.points[0].filter: Invalid value: ""', { attach: 'kprobe/vfs_read', filter: '' }],
  [
    '--capture pid: spec.points[0].capture[0].name: Forbidden',
    { attach: 'kprobe/vfs_read', capture: ['pid'] },
  ],
  [
    '--capture a:Int=retval: spec.points[0].capture[1].type',
    { attach: 'syscall/openat', capture: ['b=retval', 'a:Int=retval'] },
  ],
  [
    '--capture a=args->b: spec.points[0].capture[0].value',
    { attach: 'kprobe/vfs_read', capture: ['a=args->b'] },
  ],
  ['--capture =retval: spec.points[0].capture[0].name', { attach: 'kprobe/vfs_read', capture: ['=retval'] }],
])('%s is how a wrong option is refused', (message, options) => {
  expect(() => inlineProbe(options)).toThrow(message);
});

test('a place in the filter is a column of --filter', () => {
  const { locate } = inlineProbe({ attach: 'syscall/openat', filter: 'retvl < 0' });
  expect(locate(['spec', 'points', 0, 'filter'], 4)).toEqual({ source: '--filter', line: 1, column: 5 });
});
