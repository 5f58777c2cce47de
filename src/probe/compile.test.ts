import { expect, test } from '@jest/globals';
import { compileProbe } from './compile.ts';
import { columns, faults, kernelWith, plan, probeOf, programs } from './testing/compileOnFake.ts';
import type { Point } from './testing/compileOnFake.ts';
import type { FakeKernel } from './testing/fakeKernel.ts';

test('a plan carries identity and limits of its probe', () => {
  using kernel = kernelWith();
  const made = compileProbe(probeOf({ attach: 'syscall/openat' }), kernel);
  expect(made).toMatchObject({
    name: 't',
    uid: 't',
    generation: 1n,
    rate: 10_000,
    cpuPercent: 5,
    builtin: undefined,
  });
});

test('a system call whose result nobody asks for is one program at its entry', () => {
  const made = plan({ attach: 'syscall/openat' });
  expect(programs(made)).toEqual(['single syscall/single tracepoint syscalls sys_enter_openat']);
  expect(columns(made)).toEqual(['dfd Int64', 'filename String', 'flags Int64', 'mode Uint64']);
  expect(made.programs[0]).toMatchObject({ argumentCount: 4, interrupts: false });
  expect(made.fields[1]).toMatchObject({ kind: 'string', user: true, maxBytes: 256 });
});

test.each([
  ['captures retval', { attach: 'syscall/openat', capture: [{ name: 'retval' }] }],
  ['captures duration', { attach: 'syscall/openat', capture: [{ name: 'took', value: 'duration' }] }],
  ['filters by retval', { attach: 'syscall/openat', filter: 'retval < 0' }],
  [
    'has a length in retval',
    { attach: 'syscall/write', capture: [{ name: 'buf', type: 'Bytes', length: 'retval' }] },
  ],
] as [string, Point][])('a system call that %s is a pair of programs', (_, point) => {
  const made = plan(point);
  expect(made.programs.map(({ role, program }) => `${role} ${program}`)).toEqual([
    'entry enter',
    'exit leave',
  ]);
});

test('a filter by the result adds the result to what is captured by itself', () => {
  expect(columns(plan({ attach: 'syscall/openat', filter: 'retval < 0' })).at(-1)).toBe('retval Int64');
});

test('of a pair, the entry decides what it can and the exit the rest', () => {
  const filter = 'args.dfd == 3 && retval < 0 && filename == "/etc/passwd" && comm != "x"';
  const made = plan({ attach: 'syscall/openat', filter });
  const [entry, exit] = made.programs.map(({ predicates }) => predicates.map(({ op }) => op));
  expect(entry).toEqual(['equal', 'stringNotEqual']);
  // The page of a string may not be there before the call has read it.
  expect(exit).toEqual(['lessSigned', 'stringEqual']);
  expect(made.programs[0]?.argumentCount).toBe(4);
  expect(made.nativeFilter).toEqual([]);
});

test('a column that the filter looks at is one field, loaded early', () => {
  const made = plan({ attach: 'syscall/openat', filter: 'flags == 1 && args.flags != 2 && args.dfd == 3' });
  expect(made.fields).toHaveLength(4);
  expect(made.fields.map(({ early }) => early)).toEqual([true, false, true, false]);
});

test('a value that only predicates look at is loaded but not recorded', () => {
  const made = plan({
    attach: 'syscall/openat',
    capture: [{ name: 'filename' }],
    filter: 'args.flags == 1 && pid == 7u',
  });
  expect(made.fields.map(({ kind, early }) => [kind, early])).toEqual([
    ['string', false],
    ['none', true],
    ['none', true],
  ]);
  expect(columns(made)).toEqual(['filename String']);
});

test('what the kernel cannot decide is left to the draining thread, with a hidden column where none is captured', () => {
  const filter = 'filename.matches("^/tmp/[0-9]+$") && args.flags == 1';
  const made = plan({ attach: 'syscall/openat', capture: [{ name: 'dfd' }], filter: `args.${filter}` });
  expect(made.filterSource).toEqual({
    kernel: ['args.flags == 1'],
    native: ['args.filename.matches("^/tmp/[0-9]+$")'],
  });
  expect(made.columns.at(-1)).toMatchObject({ type: 'String', visible: false });
  const field = made.columns.at(-1)?.field ?? -1;
  expect(made.fields[field]).toMatchObject({ kind: 'string', user: true, maxBytes: 256 });
});

test('a further filter counts like the own one', () => {
  const made = plan(
    { attach: 'syscall/openat', filter: 'flags == 1' },
    {},
    { filters: [{ text: 'dfd == 3', name: '--filter' }] },
  );
  expect(made.filterSource.kernel).toEqual(['flags == 1', 'dfd == 3']);
});

test('a buffer is recorded with the length that another argument holds', () => {
  const capture = [
    { name: 'data', value: 'args.buf', type: 'Bytes' as const, maxBytes: 512, length: 'args.count' },
    { name: 'count' },
  ];
  const made = plan({ attach: 'syscall/write', capture });
  expect(made.fields.map(({ kind }) => kind)).toEqual(['integer', 'bytes']);
  expect(made.fields[1]).toMatchObject({ lengthField: 0, maxBytes: 512, user: true });
  expect(made.columns.map(({ name, field }) => [name, field])).toEqual([
    ['data', 1],
    ['count', 0],
  ]);
});

test('a buffer that need not end with a NUL is not captured unasked', () => {
  expect(columns(plan({ attach: 'syscall/write' }))).toEqual(['fd Uint64', 'count Uint64']);
});

test('argv is one string, an address is an address', () => {
  const argv = plan({ attach: 'syscall/execve', capture: [{ name: 'argv' }] });
  expect(argv.fields[0]).toMatchObject({ kind: 'strv', user: true });
  const address = plan({ attach: 'syscall/connect', capture: [{ name: 'to', value: 'args.uservaddr' }] });
  expect(address.columns[0]?.type).toBe('Ip');
  expect(address.fields[0]).toMatchObject({ kind: 'sockaddr', user: true });
});

test('what an exec changes is decided at its exit', () => {
  const made = plan({ attach: 'syscall/execve', capture: [{ name: 'retval' }], filter: 'comm == "sh"' });
  expect(made.programs.map(({ predicates }) => predicates.length)).toEqual([0, 1]);
});

test('an enum is shown by name unless its number is asked for', () => {
  const capture = (['Int64', 'String', undefined] as const).map((type, index) => ({
    name: `c${index}`,
    value: 'args.sk.state',
    ...(type && { type }),
  }));
  const made = plan({ attach: 'kprobe/tcp_connect', capture });
  expect(made.columns.map(({ type, enumNames }) => [type, enumNames])).toEqual([
    ['Int64', undefined],
    ['Int64', { 0: 'IDLE', 1: 'BUSY' }],
    ['Int64', { 0: 'IDLE', 1: 'BUSY' }],
  ]);
});

test('names of an enum can be compared with', () => {
  const made = plan({ attach: 'tracepoint/sock/state', filter: 'oldstate == CLOSED' });
  expect(made.programs[0]?.predicates[0]).toMatchObject({ op: 'equal', immediate: 7n });
});

test.each([
  ['a variable number of arguments', 'printk', {}, /printk takes a variable number of arguments/],
  ['more words than a trampoline takes', 'many', { release: '6.1.0' }, /many takes 7 words of arguments/],
  [
    'no entry in the list of ftrace',
    'vfs_read',
    { traceable: ['vfs_write'] },
    /ftrace cannot attach to vfs_read/,
  ],
  ['no type information', 'bare', {}, /does not describe bare/],
] as [string, string, FakeKernel, RegExp][])(
  'a function with %s is out of reach of fexit',
  (_, name, changes, why) => {
    const made = plan({ attach: `kprobe/${name}`, capture: [{ name: 'retval' }] }, changes);
    expect(made.programs.map(({ object }) => object)).toEqual(['kprobe', 'kprobe']);
    expect(made.notes.join('\n')).toMatch(why);
    expect(faults({ attach: `fexit/${name}` }, changes)[0]).toMatch(why);
  },
);

test('a string of more than the small scratch holds makes a point large', () => {
  const capture = (maxBytes: number) => [
    { name: 'f', value: 'args.filename', type: 'String' as const, maxBytes },
  ];
  expect(plan({ attach: 'syscall/openat', capture: capture(4096) }).large).toBe(false);
  expect(plan({ attach: 'syscall/openat', capture: capture(4097) }).large).toBe(true);
});

test('a number in network byte order is turned round by the program, so that filters see it as well', () => {
  const capture = [{ name: 'port', value: 'args.sk.dport' }];
  const made = plan({ attach: 'kprobe/tcp_connect', capture, filter: 'port == 80' });
  expect(made.fields[0]?.value).toMatchObject({ size: 2, swapped: 2 });
  expect(made.programs[0]?.predicates).toMatchObject([{ op: 'equal', field: 0, immediate: 80n }]);
  expect(made.notes.join()).not.toContain('order');
});
