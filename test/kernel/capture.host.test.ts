import { afterEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BpfError, ClosedError } from '../../src/bpf/index.ts';
import { Capture, type CaptureOptions, type Flush } from '../../src/capture/capture.ts';
import { decodeBatch, decodeHead } from '../../src/codec/decodeBatch.ts';
import { rowsOf, type Row } from '../../src/codec/rowsOf.ts';
import { compileFixture } from './compileFixture.ts';
import { openBpfFds } from './openFds.ts';
import { callSchema, RecordSource } from './recordSource.ts';

const captures: Capture[] = [];

afterEach(() => {
  for (const capture of captures.splice(0)) capture.close();
  expect(openBpfFds()).toEqual([]);
});

const epoch = Buffer.from('epoch');

function open(
  source: RecordSource,
  options: Partial<CaptureOptions> & Pick<CaptureOptions, 'onFlush'>,
): Capture {
  const capture = new Capture({ ...source.maps, epoch, ...options });
  captures.push(capture);
  return capture;
}

/** A capture that keeps what it is handed. */
function collect(source: RecordSource, options: Partial<CaptureOptions> = {}) {
  const flushes: Flush[] = [];
  const capture = open(source, {
    onFlush: (flush) => {
      flushes.push(flush);
    },
    ...options,
  });
  return { capture, flushes };
}

function rowsIn(flushes: Flush[]): Row[] {
  return flushes
    .flatMap(({ batches }) => batches)
    .flatMap(({ bytes }) => [
      ...rowsOf(decodeBatch(bytes, ['Int64']), [{ name: 'call', type: 'Int64', visible: true }]),
    ]);
}

function sum(flushes: Flush[], counter: 'rows' | 'filtered' | 'malformed' | 'backlog' | 'unknown'): number {
  return flushes.flatMap(({ counts }) => counts).reduce((total, counts) => total + counts[counter], 0);
}

test('every record that the kernel counts comes out once, in order', async () => {
  using source = new RecordSource();
  const { capture, flushes } = collect(source, { flushMilliseconds: 1 });
  capture.addSchema(callSchema);
  for (let i = 0; i < 20; i++) {
    source.write(1000);
    await capture.drain();
  }
  const { captured, lost } = source.outcome;
  expect(captured + lost).toBe(20_000);
  const rows = rowsIn(flushes);
  expect(rows.map(({ fields }) => fields['call'])).toEqual(Array.from({ length: captured }, (_, i) => i));
  expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: captured }, (_, i) => BigInt(i)));
  expect(sum(flushes, 'rows')).toBe(captured);
});

test('an event has the time of the wall clock and the identity of its task', async () => {
  using source = new RecordSource();
  const { capture, flushes } = collect(source);
  capture.addSchema(callSchema);
  const before = Date.now();
  source.write(1);
  const after = Date.now();
  await capture.drain();
  const [row] = rowsIn(flushes);
  expect(row).toMatchObject({ pid: process.pid, tid: process.pid, context: 'task', fields: { call: 0 } });
  // Date.now() cuts to a millisecond.
  expect(Number(row?.time) / 1e6).toBeGreaterThanOrEqual(before);
  expect(Number(row?.time) / 1e6).toBeLessThan(after + 1);
});

test('what is drained is taken off the bytes in flight', async () => {
  using source = new RecordSource();
  const { capture } = collect(source);
  capture.addSchema(callSchema);
  source.write(5000);
  await capture.drain();
  expect(source.inFlight()).toBe(0n);
  expect(source.inFlight(callSchema.gate + 1)).toBe(0n);
});

test('the first event after a pause does not wait for the flush interval', async () => {
  using source = new RecordSource();
  const flushed = new EventEmitter();
  const capture = open(source, {
    flushMilliseconds: 3_600_000,
    onFlush: () => {
      flushed.emit('flush');
    },
  });
  capture.keepAlive(true);
  capture.addSchema(callSchema);
  const first = once(flushed, 'flush');
  source.write(1);
  await first;
});

test('later events wait for the interval, or for drain()', async () => {
  using source = new RecordSource();
  const flushed = new EventEmitter();
  const sizes: number[] = [];
  const capture = open(source, {
    flushMilliseconds: 3_600_000,
    onFlush: ({ batches }) => {
      sizes.push(...batches.map(({ rows }) => rows));
      flushed.emit('flush');
    },
  });
  capture.addSchema(callSchema);
  capture.keepAlive(true);
  const first = once(flushed, 'flush');
  source.write(1);
  await first;
  for (let i = 0; i < 5; i++) source.write(20);
  await capture.drain();
  expect(sizes).toEqual([1, 100]);
});

test('a burst costs few wake-ups', async () => {
  using source = new RecordSource();
  const { capture } = collect(source);
  capture.addSchema(callSchema);
  source.write(10_000);
  await capture.drain();
  const { wakeups, records } = capture.stats();
  expect(records).toBe(10_000);
  expect(wakeups).toBeLessThan(100);
});

test('the native filter refuses before anything is encoded', async () => {
  using source = new RecordSource();
  const { capture, flushes } = collect(source);
  capture.addSchema({
    ...callSchema,
    filter: [{ op: 'column', index: 0 }, { op: 'integer', value: 990n }, { op: 'ge' }],
  });
  source.write(1000);
  await capture.drain();
  expect(rowsIn(flushes).map(({ fields }) => fields['call'])).toEqual([
    990, 991, 992, 993, 994, 995, 996, 997, 998, 999,
  ]);
  expect(sum(flushes, 'filtered')).toBe(990);
});

test('events are dropped and counted while batches are not taken, and come again afterwards', async () => {
  using source = new RecordSource();
  const flushes: Flush[] = [];
  let take = (): void => undefined;
  const taking = new Promise<void>((resolve) => {
    take = resolve;
  });
  const capture = open(source, {
    maxPendingBytes: 1000,
    flushMilliseconds: 1,
    onFlush: (flush) => {
      flushes.push(flush);
      return taking;
    },
  });
  capture.addSchema(callSchema);
  for (let i = 0; i < 10; i++) {
    source.write(500);
    await capture.drain();
  }
  expect(sum(flushes, 'backlog')).toBeGreaterThan(0);
  expect(sum(flushes, 'backlog') + sum(flushes, 'rows')).toBe(source.outcome.captured);
  expect(source.inFlight()).toBe(0n);
  const rowsBefore = sum(flushes, 'rows');
  take();
  await taking;
  await new Promise(setImmediate);
  expect(capture.stats().pendingBytes).toBe(0);
  source.write(5);
  await capture.drain();
  expect(sum(flushes, 'rows')).toBe(rowsBefore + 5);
  expect(sum(flushes, 'backlog') + sum(flushes, 'rows')).toBe(5005);
  const rows = rowsIn(flushes);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, i) => BigInt(i)));
  const heads = flushes.flatMap(({ batches }) => batches.map(({ bytes }) => decodeHead(bytes)));
  expect(heads.reduce((total, { loss }) => total + Number(loss.backlog), 0)).toBe(sum(flushes, 'backlog'));
});

test('records without the layout of their schema are counted as malformed', async () => {
  using source = new RecordSource(callSchema, 64);
  const { capture, flushes } = collect(source);
  capture.addSchema(callSchema);
  source.write(50);
  await capture.drain();
  expect(sum(flushes, 'malformed')).toBe(50);
  expect(rowsIn(flushes)).toEqual([]);
});

test('records of a schema that nobody added are counted, and their bytes are off the gate', async () => {
  using source = new RecordSource({ ...callSchema, schema: 8 });
  const { capture, flushes } = collect(source);
  capture.addSchema(callSchema);
  source.write(50);
  await capture.drain();
  expect(source.inFlight()).toBe(0n);
  expect(sum(flushes, 'unknown')).toBe(50);
  const counts = flushes.flatMap((flush) => flush.counts);
  expect(counts.every(({ slot, schema }) => slot === 3 && schema === 8)).toBe(true);
});

test('removing a schema delivers what was written before, and frees its place', async () => {
  using source = new RecordSource();
  const { capture, flushes } = collect(source);
  capture.addSchema(callSchema);
  source.write(30);
  const removed = capture.removeSchema(3, 7);
  expect(() => {
    capture.addSchema(callSchema);
  }).toThrow('slot 3 already has schema 7; wait for removeSchema()');
  await removed;
  expect(sum(flushes, 'rows')).toBe(30);
  await expect(capture.removeSchema(3, 7)).rejects.toThrow('slot 3 has no schema 7');
  source.write(4);
  await capture.drain();
  expect(sum(flushes, 'unknown')).toBe(4);
  capture.addSchema(callSchema);
  source.write(5);
  await capture.drain();
  expect(rowsIn(flushes).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 35 }, (_, i) => BigInt(i)),
  );
});

test('an exception of onFlush reaches nobody else: the flush counts as taken', () => {
  const script = fileURLToPath(new URL('children/captureLeaves.ts', import.meta.url));
  compileFixture('records');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'throw'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'on purpose, pending 0\n', stderr: '' });
});

test('after close() nothing works but closing again', async () => {
  using source = new RecordSource();
  const { capture } = collect(source);
  const draining = capture.drain();
  capture.close();
  capture.close();
  await expect(draining).rejects.toThrow(ClosedError);
  await expect(capture.drain()).rejects.toThrow(ClosedError);
  expect(() => capture.stats()).toThrow(ClosedError);
  expect(() => {
    capture.addSchema(callSchema);
  }).toThrow('Capture is closed');
});

test('close() within onFlush is the last that it hears', async () => {
  using source = new RecordSource();
  let calls = 0;
  const closed = new Promise<void>((resolve) => {
    const capture = open(source, {
      flushMilliseconds: 1,
      onFlush: () => {
        calls++;
        capture.close();
        resolve();
      },
    });
    capture.keepAlive(true);
    capture.addSchema(callSchema);
  });
  source.write(100);
  await closed;
  source.write(100);
  await new Promise(setImmediate);
  expect(calls).toBe(1);
});

test('maps of another kind are refused by name', () => {
  using source = new RecordSource();
  const make = (options: Partial<CaptureOptions>) => () =>
    open(source, { onFlush: () => undefined, ...options });
  expect(make({ rings: [source.object.map('outcomes')] })).toThrow(BpfError);
  expect(make({ rings: [source.object.map('outcomes')] })).toThrow(
    /drain map 'outcomes', which is no ring buffer/,
  );
  expect(make({ gates: source.object.map('outcomes') })).toThrow(/map 'outcomes' as gates/);
  expect(make({ rings: [-1] })).toThrow(/EBADF/);
  expect(make({ flushMilliseconds: -1 })).toThrow(/options.flushMilliseconds must be an integer from 0/);
});

test.each([
  ['ends with a capture open', 'end'],
  ['calls process.exit() with a capture open', 'exit'],
  ['calls process.exit() in onFlush', 'exit-in-flush'],
  ['ends with a drain under way, which it waits for', 'drain'],
  ['terminates workers with captures open', 'workers'],
])('a process that %s leaves cleanly', (_title, way) => {
  const script = fileURLToPath(new URL('children/captureLeaves.ts', import.meta.url));
  compileFixture('records');
  const { status, signal, stderr } = spawnSync(process.execPath, [script, way], { encoding: 'utf8' });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});

/** Comm and nice value of this process's threads (proc(5): fields 2 and 19 of stat). */
function threads(): { name: string; nice: number }[] {
  return readdirSync('/proc/self/task').map((tid) => {
    const [, name = '', rest = ''] =
      /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/self/task/${tid}/stat`, 'utf8').trim()) ?? [];
    return { name, nice: Number(rest.split(' ')[16]) };
  });
}

test('the draining thread comes before others where that is permitted', async () => {
  using source = new RecordSource();
  const { capture } = collect(source);
  await capture.drain();
  // Says what it could reach.
  const permitted = spawnSync('nice', ['-n', String(-10 - getPriority()), 'nice'], { encoding: 'utf8' });
  expect(threads().filter(({ name }) => name === 'tp-drain')).toEqual([
    { name: 'tp-drain', nice: Number(permitted.stdout) },
  ]);
});
