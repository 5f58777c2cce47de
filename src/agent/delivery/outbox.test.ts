import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EventBatchSchema } from '../../rpc/gen/traceprobe/v1/events_pb.ts';
import { FrameSchema, type Frame } from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import { Outbox } from './outbox.ts';

const source = { epoch: Buffer.from('0102', 'hex'), probeUid: 'one' };
let directory: string;
let outbox: Outbox | undefined;
const logged: { message: string; values: Record<string, unknown> | undefined }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-outbox-'));
});

afterEach(() => {
  outbox?.persist();
  outbox = undefined;
  logged.splice(0);
  rmSync(directory, { recursive: true, force: true });
});

/** One row each, so that what is counted are frames. */
function frame(number: number): Frame {
  const batch = create(EventBatchSchema, { ...source, firstSequence: BigInt(number), rows: 1 });
  return create(FrameSchema, {
    ...{ epoch: source.epoch, number: BigInt(number) },
    batches: [toBinary(EventBatchSchema, batch)],
  });
}

/** A process begins, after the end of the one before in good order unless that one is `killed`. */
function open(
  options: { maxMemoryBytes?: number; segmentBytes?: number; maxSpoolBytes?: number } = {},
  killed = false,
): Outbox {
  if (!killed) outbox?.persist();
  const log = (_: string, message: string, values?: Record<string, unknown>): void =>
    void logged.push({ message, values });
  outbox = new Outbox({ directory, maxMemoryBytes: 0, ...options, log });
  return outbox;
}

function take(from: Outbox, count: number): number[] {
  return Array.from({ length: count }, () => Number(from.take()?.frame.number));
}

test.each([
  ['ended', false],
  ['was killed', true],
])('what was sent by an agent that %s is never dropped by the next one', (_, killed) => {
  // A segment holds two frames, and the spool two segments.
  const small = { segmentBytes: 100, maxSpoolBytes: 300 };
  const first = open(small);
  for (let number = 1; number <= 4; number++) first.add(frame(number));
  expect(take(first, 2)).toEqual([1, 2]);
  const second = open(small, killed);
  for (let number = 5; number <= 10; number++) second.add(frame(number));
  const lost = Number(second.lostRows);
  expect(lost).toBeGreaterThan(0);
  expect(take(second, 10 - lost)).toEqual([
    1,
    2,
    ...Array.from({ length: 8 - lost }, (_each, index) => 3 + lost + index),
  ]);
  expect(second.lostOf(source)).toEqual({ spool: BigInt(lost) });
});

test('what was acked or refused is not sent again by the next agent', () => {
  const first = open();
  for (let number = 1; number <= 5; number++) first.add(frame(number));
  const numbers = Array.from({ length: 3 }, () => first.take()?.number ?? 0);
  first.acked(numbers[0] ?? 0);
  first.refused('on purpose');
  const second = open();
  expect(take(second, 3)).toEqual([3, 4, 5]);
  expect(second.lostOf(source)).toEqual({ refused: 1n });
});

test('numbers go on behind what was sent, when nothing is left on disk', () => {
  const first = open();
  first.add(frame(1));
  const number = first.take()?.number ?? 0;
  first.acked(number);
  expect(readdirSync(directory).filter((name) => name.endsWith('.spool'))).toEqual([]);
  const second = open();
  second.add(frame(2));
  expect(second.take()?.number).toBeGreaterThan(number);
});

test('marks that are garbled count as none: everything on disk is sent again', () => {
  const first = open();
  for (let number = 1; number <= 3; number++) first.add(frame(number));
  first.acked(first.take()?.number ?? 0);
  first.persist();
  const file = join(directory, 'marks');
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(12) ^ 0x40, 12);
  writeFileSync(file, bytes);
  expect(take(open({}, true), 3)).toEqual([1, 2, 3]);
});

test('where marks cannot be written, frames go on their way, and it is told once', () => {
  mkdirSync(join(directory, 'marks'));
  const sending = open({ maxMemoryBytes: 10_000 });
  for (let number = 1; number <= 3; number++) sending.add(frame(number));
  expect(take(sending, 3)).toEqual([1, 2, 3]);
  expect(logged.map(({ message }) => message)).toEqual([
    'cannot write down what was sent: a restart will send it again',
  ]);
});

test('what the disk does not take at the end is told, and counted unless it was sent', () => {
  const ending = open({ maxMemoryBytes: 10_000 });
  // No file can be made there any more.
  rmSync(directory, { recursive: true });
  for (let number = 1; number <= 3; number++) ending.add(frame(number));
  expect(take(ending, 1)).toEqual([1]);
  outbox = undefined;
  expect(ending.persist()).toBe(false);
  expect(ending.lostOf(source)).toEqual({ spool: 2n });
  expect(logged).toContainEqual({
    message: 'events that waited could not be kept on disk, and are lost',
    values: { directory, rows: '2' },
  });
});
