import { expect, test } from '@jest/globals';
import { explainAttach } from './explainAttach.ts';
import type { ExplainedAttach } from './explainAttach.ts';
import { fakeKernel, syscallFormat } from './testing/fakeKernel.ts';
import type { FakeKernel } from './testing/fakeKernel.ts';
import { fileBtf, fileFunctions } from './testing/fileBtf.ts';

function explain(attach: string, changes: FakeKernel = {}): ExplainedAttach {
  using kernel = fakeKernel({
    formats: { 'syscalls/sys_enter_openat': syscallFormat('openat', 'int dfd', 'const char * filename') },
    btf: fileBtf(),
    kallsyms: [...fileFunctions, 't bare'],
    binaries: { '/lib/libc.so.6': ['malloc'] },
    ...changes,
  });
  const binary = { path: '/lib/libc.so.6', root: 'Host' as const };
  return explainAttach({ attach, ...(attach.startsWith('u') && { binary }) }, kernel);
}

function values({ values: list }: ExplainedAttach): string[] {
  return list.map(
    ({ path, cType, columnType, captured }) =>
      `${path}: ${cType} → ${columnType ?? '-'}${captured ? ' *' : ''}`,
  );
}

test('a system call has its arguments, its result and its duration', () => {
  const explained = explain('syscall/openat');
  expect(explained.what).toBe('system call openat');
  expect(values(explained)).toEqual([
    'args.dfd: int → Int64 *',
    'args.filename: const char * → String *',
    'retval: long → Int64',
    'duration: nanoseconds → Duration',
  ]);
  expect(explained.notes.join('\n')).toMatch(/32-bit programs[^]*io_uring/);
});

test('a structure has no column of its own but members', () => {
  const explained = explain('kprobe/vfs_unlink');
  expect(values(explained)[0]).toBe('args.dir: struct inode * → -');
  expect(explained.values[0]?.members).toContain('i_ino');
});

test('a hook without a return says why', () => {
  expect(explain('lsm/file_open')).toMatchObject({
    withoutReturn: expect.stringContaining('before it does'),
  });
});

test('whether a function can be overridden is told where the kernel tells it', () => {
  expect(explain('kprobe/vfs_read').overridable).toBeUndefined();
  expect(explain('kprobe/vfs_read', { overridable: ['vfs_read'] }).overridable).toBe(true);
  expect(explain('kprobe/vfs_read', { overridable: ['other'] }).overridable).toBe(false);
});

test('a hook that cannot be attached here is explained all the same, with the obstacle', () => {
  const explained = explain('kprobe/vfs_read', { lacking: { kprobe: 'lockdown' } });
  expect(explained.obstacle).toMatch(/needs kprobes.*: lockdown$/);
  expect(explained.values.length).toBeGreaterThan(3);
});

test('how a return is seen is part of the explanation', () => {
  expect(explain('kprobe/vfs_read').notes.join()).toMatch(/with retval or duration: attached by fexit/);
  expect(explain('kprobe/vfs_read', { lacking: { fexit: 'old' } }).notes.join()).toMatch(
    /200 sleeping calls/,
  );
});

test('arguments that only have numbers are listed by them', () => {
  const list = values(explain('uprobe/malloc'));
  expect(list.slice(0, 2)).toEqual([
    'args[0]: unknown: set type → Uint64',
    'args[1]: unknown: set type → Uint64',
  ]);
  expect(list.at(-1)).toBe('duration: nanoseconds → Duration');
});
