import { afterEach, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { BpfError, BpfMap, ClosedError, enableStats, Link } from '../../src/bpf/index.ts';
import { loadCounter } from './loadCounter.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

const pin = `/sys/fs/bpf/traceprobe-test-link-${process.pid}`;

/** How often the program ran for this process, read from the map that it shares with us. */
function hits(words: BigUint64Array): number {
  return Number(words[0]);
}

test('a link counts until it is closed', () => {
  using object = loadCounter();
  const words = new BigUint64Array(object.map('shared').mmap());
  const link = object.program('on_getpriority').attachTracepoint('syscalls', 'sys_enter_getpriority');
  expect(link.name).toBe('on_getpriority on tracepoint syscalls/sys_enter_getpriority');
  getPriority();
  expect(hits(words)).toBe(1);
  link.close();
  link.close();
  getPriority();
  expect(hits(words)).toBe(1);
  expect(() => link.info).toThrow(new ClosedError(`Link '${link.name}'`));
  expect(() => link.fd).toThrow(ClosedError);
});

test('a link outlives the object of its program', () => {
  const object = loadCounter();
  using shared = BpfMap.openPinned(pinned(object.map('shared')));
  shared.unpin(pin);
  using link = object.program('on_getpriority').attach();
  object.close();
  getPriority();
  expect(hits(new BigUint64Array(shared.mmap()))).toBe(1);
  expect(link.info.type).toBe('perf_event');
});

function pinned(map: BpfMap): string {
  map.pin(pin);
  return pin;
}

test.each(['perf event', 'raw tracepoint'])(
  'a pinned link of a %s stays attached when it is closed',
  (kind) => {
    using object = loadCounter();
    const words = new BigUint64Array(object.map('shared').mmap());
    const [program, word] = kind === 'raw tracepoint' ? ['on_any', 2] : ['on_getpriority', 0];
    const link = object.program(program).attach();
    const before = link.info;
    link.pin(pin);
    link.close();
    const counted = words[word] ?? 0n;
    getPriority();
    expect(words[word]).toBeGreaterThan(counted);

    using opened = Link.openPinned(pin);
    expect(opened.info).toEqual(before);
    opened.detach();
    expect(existsSync(pin)).toBe(false);
    const detached = words[word];
    getPriority();
    expect(words[word]).toBe(detached);
  },
);

test('a link that was unpinned goes with its last owner', () => {
  using object = loadCounter();
  const words = new BigUint64Array(object.map('shared').mmap());
  const link = object.program('on_getpriority').attach();
  link.pin(pin);
  link.unpin();
  expect(existsSync(pin)).toBe(false);
  link.close();
  getPriority();
  expect(hits(words)).toBe(0);
});

test('a program can be pinned and is then found by others', () => {
  using object = loadCounter();
  object.program('tail').pin(pin);
  expect(existsSync(pin)).toBe(true);
  expect(() => BpfMap.openPinned(pin)).toThrow(/that is no map but anon_inode:bpf-prog/);
  object.program('tail').unpin(pin);
  expect(existsSync(pin)).toBe(false);
});

test('a hook that does not exist is refused in words', () => {
  using object = loadCounter();
  const program = object.program('tail');
  expect(() => program.attachTracepoint('syscalls', 'sys_enter_nothing')).toThrow(
    /^cannot attach program 'tail' to tracepoint syscalls\/sys_enter_nothing: .*\(ENOENT\); this kernel has no tracepoint syscalls\/sys_enter_nothing/,
  );
  expect(() => program.attachTracepoint('nothing', 'x')).toThrow(/no tracepoints of category nothing/);
  expect(() => program.attachTracepoint('..', '../x')).toThrow(/have no slash/);
  expect(() => object.program('on_any').attachRawTracepoint('nothing')).toThrow(
    /raw tracepoint nothing: .*\(ENOENT\)/,
  );
});

test('a hook of another kind than the program’s is refused', () => {
  using object = loadCounter();
  expect(() => object.program('on_any').attachTracepoint('syscalls', 'sys_enter_getpriority')).toThrow(
    BpfError,
  );
  expect(() => object.program('tail').attachTrace()).toThrow(BpfError);
  expect(() => object.program('tail').attachLsm()).toThrow(BpfError);
});

test('run time is counted while statistics are on', () => {
  using object = loadCounter();
  using _link = object.program('on_getpriority').attach();
  const runs = () => object.program('on_getpriority').info;
  const statistics = enableStats();
  getPriority();
  getPriority();
  statistics.close();
  statistics.close();
  const { runCount, runTimeNs } = runs();
  expect(runCount).toBeGreaterThanOrEqual(2);
  expect(runTimeNs).toBeGreaterThan(0);
  getPriority();
  expect(runs()).toEqual({ ...runs(), runCount, runTimeNs });
});
