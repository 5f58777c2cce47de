import { expect, test } from '@jest/globals';
import type { TraceProbe, TraceProbePoint } from '../api/index.ts';
import { parseDocuments } from '../api/index.ts';
import { compileProbe } from './compile.ts';
import type { CompileOptions } from './compilePoint.ts';
import type { PointPlan, ProgramPlan } from './plan.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { ProbeRefusedError } from './resolve/planError.ts';
import { fakeKernel, formatText, syscallFormat } from './testing/fakeKernel.ts';
import type { FakeKernel } from './testing/fakeKernel.ts';
import { fileBtf, fileFunctions } from './testing/fileBtf.ts';

const exitFormat = (name: string): string => formatText(`sys_exit_${name}`, [['long ret', 16, 8, true]]);
const formats: Record<string, string> = {
  'syscalls/sys_enter_openat': syscallFormat(
    'openat',
    'int dfd',
    'const char * filename',
    'int flags',
    'umode_t mode',
  ),
  'syscalls/sys_exit_openat': exitFormat('openat'),
  'syscalls/sys_enter_execve': syscallFormat('execve', 'const char * filename', 'const char *const * argv'),
  'syscalls/sys_exit_execve': exitFormat('execve'),
  'syscalls/sys_enter_write': syscallFormat('write', 'unsigned int fd', 'const char * buf', 'size_t count'),
  'syscalls/sys_exit_write': exitFormat('write'),
  'syscalls/sys_enter_connect': syscallFormat(
    'connect',
    'int fd',
    'struct sockaddr * uservaddr',
    'int addrlen',
  ),
  'syscalls/sys_enter_newstat': syscallFormat('newstat', 'const char * filename', 'struct stat * statbuf'),
  'syscalls/sys_enter_exit_group': syscallFormat('exit_group', 'int error_code'),
  'sched/sched_process_exec': formatText('sched_process_exec', [
    ['__data_loc char[] filename', 8, 4],
    ['pid_t pid', 12, 4, true],
    ['__data_loc u8[] raw', 16, 4],
    ['__rel_loc char[] odd', 20, 4],
  ]),
  'sock/state': formatText(
    'state',
    [
      ['const void * skaddr', 8, 8],
      ['int oldstate', 16, 4, true],
      ['__u8 saddr[4]', 20, 4],
      ['char name[8]', 24, 8],
      ['bool done', 32, 1],
    ],
    '"%p %s %pI4", REC->skaddr, __print_symbolic(REC->oldstate, { 1, "OPEN" }, { 7, "CLOSED" }), REC->saddr',
  ),
};

function kernelWith(changes: FakeKernel = {}): KernelView & Disposable {
  return fakeKernel({
    formats,
    btf: fileBtf(),
    kallsyms: [...fileFunctions, 't twice', 't twice', 't bare', 'T __x64_sys_openat', 'T __x64_sys_execve'],
    ...changes,
  });
}

type Point = Omit<TraceProbePoint, 'name'>;

function probeOf(...points: Point[]): TraceProbe {
  const named = points.map((point, index) => ({ name: `p${index}`, ...point }));
  const spec = JSON.stringify({ points: named });
  const text = `{"apiVersion": "traceprobe.io/v1alpha1", "kind": "TraceProbe", "metadata": {"name": "t"}, "spec": ${spec}}`;
  const [manifest] = parseDocuments(text, 'test');
  if (manifest === undefined) throw new Error('no probe');
  return manifest.probe;
}

function plan(point: Point, changes: FakeKernel = {}, options: CompileOptions = {}): PointPlan {
  using kernel = kernelWith(changes);
  const [made] = compileProbe(probeOf(point), kernel, options).points;
  if (made === undefined) throw new Error('no point');
  return made;
}

/** What is wrong with a probe, as `path: message` each. */
function faults(point: Point, changes: FakeKernel = {}): string[] {
  try {
    plan(point, changes);
  } catch (error) {
    if (error instanceof ProbeRefusedError) return error.message.split(/\n(?=spec)/);
    throw error;
  }
  return [];
}

function programs(made: PointPlan): string[] {
  return made.programs.map(
    ({ object, program, role, hook }) => `${role} ${object}/${program} ${describe(hook)}`,
  );
}

function describe(hook: ProgramPlan['hook']): string {
  return Object.values(hook).join(' ');
}

function columns(made: PointPlan): string[] {
  return made.columns.map(({ name, type, visible }) => `${name} ${type}${visible ? '' : ' (hidden)'}`);
}

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

test('the strings of an exec cannot be had at its return, its result can', () => {
  expect(faults({ attach: 'syscall/execve', capture: [{ name: 'filename' }, { name: 'retval' }] })).toEqual([
    'spec.points[0].capture[0].name: a successful execve replaces the program, so the strings that its arguments ' +
      'point to cannot be read any more when it returns: leave out retval and duration (syscall/execve then records ' +
      'at the entry), or use builtin: {name: processes}, which records every exec with its arguments and every exit',
  ]);
  expect(plan({ attach: 'syscall/execve', capture: [{ name: 'retval' }] }).programs).toHaveLength(2);
  expect(plan({ attach: 'syscall/execve' }).programs).toHaveLength(1);
});

test('what an exec changes is decided at its exit', () => {
  const made = plan({ attach: 'syscall/execve', capture: [{ name: 'retval' }], filter: 'comm == "sh"' });
  expect(made.programs.map(({ predicates }) => predicates.length)).toEqual([0, 1]);
});

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

test('strings and bytes elsewhere in the record are found through their __data_loc word', () => {
  const made = plan({ attach: 'tracepoint/sched/sched_process_exec' });
  expect(columns(made)).toEqual(['filename String', 'arg_pid Int64', 'raw Bytes']);
  expect(made.fields[0]).toMatchObject({ kind: 'string', value: { source: 'dataLoc', offset: 8 } });
  const raw = made.fields[made.columns[2]?.field ?? -1];
  expect(raw).toMatchObject({ kind: 'bytes', value: { source: 'dataLoc', offset: 16 } });
  // The length is the high half of the word.
  expect(made.fields[raw?.lengthField ?? -1]).toMatchObject({
    value: { source: 'context', offset: 18, size: 2 },
  });
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
    'a field that only the format has',
    { attach: 'tracepoint/sched/sched_process_exec', capture: [{ name: 'odd' }] },
    {},
    'spec.points[0].capture[0].name: args.odd cannot be read: its place is relative to itself (__rel_loc)',
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

test('a string of more than the small scratch holds makes a point large', () => {
  const capture = (maxBytes: number) => [
    { name: 'f', value: 'args.filename', type: 'String' as const, maxBytes },
  ];
  expect(plan({ attach: 'syscall/openat', capture: capture(4096) }).large).toBe(false);
  expect(plan({ attach: 'syscall/openat', capture: capture(4097) }).large).toBe(true);
});

test('a number in network byte order is captured with a warning', () => {
  const made = plan({ attach: 'kprobe/tcp_connect', capture: [{ name: 'port', value: 'args.sk.dport' }] });
  expect(made.notes.join()).toMatch(/port is a __be16.*port 80 reads 20480/);
});
