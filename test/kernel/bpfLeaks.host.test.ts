import { afterEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BpfMap, BpfObject, Btf, KernelFeatures, RingBuffer } from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';
import { loadCounter } from './loadCounter.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

function leave(way: string, ...nodeOptions: string[]) {
  const script = fileURLToPath(new URL('children/leave.ts', import.meta.url));
  compileFixture('counter');
  return spawnSync(process.execPath, [...nodeOptions, script, way], { encoding: 'utf8' });
}

test.each([
  ['ends with everything open', 'end'],
  ['calls process.exit() with everything open', 'exit'],
  ['calls process.exit() in the callback of a ring', 'exit-in-callback'],
  ['closes a ring and its object and ends', 'close'],
])('a process that %s leaves cleanly', (_title, way) => {
  const { status, signal, stderr } = leave(way);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});

test('a process that throws with everything open tells of the error alone', () => {
  const { status, signal, stderr } = leave('throw');
  expect({ status, signal }).toEqual({ status: 1, signal: null });
  expect(stderr).toMatch(/Error: on purpose/);
});

test.each([
  ['workers that end with everything open', 'workers'],
  ['a worker that is terminated with everything open', 'terminate'],
  ['a program that forgets what it opened', 'forget'],
])('%s: nothing stays open', (_title, way) => {
  const { status, signal, stderr } = leave(way, '--expose-gc');
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});

test('failures leave nothing open', () => {
  const failing: (() => unknown)[] = [
    () => BpfObject.open('/etc/hostname'),
    () => BpfMap.create({ type: 'hash', keySize: 4, valueSize: 0, maxEntries: 1 }),
    () => BpfMap.openPinned('/sys/fs/bpf/nothing'),
    () => Btf.file('/etc/hostname'),
  ];
  for (const action of failing) expect(action).toThrow();

  using refused = BpfObject.open(compileFixture('refused'));
  expect(() => refused.load()).toThrow();

  using object = loadCounter();
  const before = openBpfFds();
  expect(() => object.program('tail').attachTracepoint('syscalls', 'sys_enter_nothing')).toThrow();
  expect(() => object.program('on_any').attachTracepoint('syscalls', 'sys_enter_getpriority')).toThrow();
  expect(() => RingBuffer.open(object.map('counts'))).toThrow(/read ring buffer 'counts'/);
  expect(openBpfFds()).toEqual(before);
});

test('twenty rounds of opening and closing leave nothing open', () => {
  using features = new KernelFeatures();
  for (let round = 0; round < 20; round++) {
    using object = loadCounter();
    const link = object.program('on_getpriority').attach();
    const ring = RingBuffer.open(object.map('ring')).consume(() => undefined);
    ring.close();
    link.close();
    features.probe('lsm');
  }
});
