import { afterEach, expect, test } from '@jest/globals';
import { getPriority } from 'node:os';
import { BpfMap, ClosedError, RingBuffer } from '../../src/bpf/index.ts';
import { loadCounter } from './loadCounter.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

test('a ring that nobody consumes is drained on demand', () => {
  using object = loadCounter();
  using ring = RingBuffer.open(object.map('ring'));
  using _link = object.program('on_getpriority').attach();
  expect(ring.drain()).toEqual([]);
  getPriority();
  getPriority(process.pid);
  const records = ring.drain().map((record) => new BigUint64Array(record.buffer, record.byteOffset, 2));
  expect(records.map((words) => Number(words[1]))).toEqual([0, process.pid]);
  expect(ring.drain()).toEqual([]);
});

test('a consumer gets every record once, in order, also those that come while it is busy', async () => {
  using object = loadCounter();
  using ring = RingBuffer.open(object.map('ring'));
  using _link = object.program('on_getpriority').attach();
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    ring.consume((records) => {
      for (const record of records) seen.push(record.readInt32LE(8));
      if (seen.length >= 1000) resolve();
      // The ring holds some hundred records: each delivery makes the next ten.
      else for (let i = 0; i < 10; i++) getPriority(process.pid);
    });
    getPriority(0);
  });
  expect(seen[0]).toBe(0);
  expect(new Set(seen.slice(1))).toEqual(new Set([process.pid]));
});

test('a consumer that is closed in its own callback gets no more', async () => {
  using object = loadCounter();
  const ring = RingBuffer.open(object.map('ring'));
  using _link = object.program('on_getpriority').attach();
  let deliveries = 0;
  await new Promise<void>((resolve) => {
    ring.consume(() => {
      deliveries++;
      ring.close();
      getPriority();
      resolve();
    });
    getPriority();
  });
  using again = RingBuffer.open(object.map('ring'));
  expect([deliveries, again.drain().length]).toEqual([1, 1]);
});

test('the map may be closed while its ring is read', () => {
  const object = loadCounter();
  using ring = RingBuffer.open(object.map('ring'));
  object.close();
  expect(ring.drain()).toEqual([]);
});

test('a ring has one reader and needs a ring buffer map', () => {
  using object = loadCounter();
  using ring = RingBuffer.open(object.map('ring')).consume(() => undefined);
  expect(() => ring.drain()).toThrow(/its records go to the callback of consume\(\)/);
  expect(() => ring.consume(() => undefined)).toThrow(/being consumed already/);
  expect(() => ring.consume('log' as never)).toThrow(
    new TypeError('RingBuffer.consume: callback must be a function, not "log"'),
  );
  using hash = BpfMap.create({ type: 'hash', name: 'numbers', keySize: 4, valueSize: 4, maxEntries: 1 });
  expect(() => RingBuffer.open(hash)).toThrow(/read ring buffer 'numbers'/);
});

test('closing twice is fine, and use after close names the ring', () => {
  using object = loadCounter();
  const ring = RingBuffer.open(object.map('ring'));
  ring.close();
  ring.close();
  expect(() => ring.drain()).toThrow(new ClosedError("RingBuffer 'ring'"));
  expect(() => ring.ref()).toThrow(ClosedError);
});
