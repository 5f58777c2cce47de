import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Spool } from './spool.ts';

let directory: string;
let spool: Spool;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-spool-'));
  spool = new Spool(directory, 200);
});

afterEach(() => {
  spool.close();
  rmSync(directory, { recursive: true });
});

/** As after a restart of the agent. */
function reopen(): void {
  spool.close();
  spool = new Spool(directory, 200);
}

const payload = (number: number): Buffer => Buffer.from(`record ${String(number).padStart(30, '0')}`);

function fill(from: number, to: number): void {
  for (let number = from; number <= to; number++) spool.append(number, payload(number));
}

function numbers(): number[] {
  const found: number[] = [];
  for (let record = spool.after(0); record !== undefined; record = spool.after(record.number)) {
    expect(record.payload.toString()).toBe(payload(record.number).toString());
    found.push(record.number);
  }
  return found;
}

const files = (): string[] => readdirSync(directory).sort();
const file = (at: number): string => join(directory, files().at(at) ?? '');

test('records come out in the order in which they went in, over files and restarts', () => {
  fill(1, 20);
  expect(files().length).toBeGreaterThan(3);
  expect(numbers()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  reopen();
  fill(21, 25);
  expect(numbers()).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  expect(spool.last).toBe(25);
  expect(spool.bytes).toBe(files().reduce((sum, name) => sum + statSync(join(directory, name)).size, 0));
});

test('a file goes when none of its records is needed any more', () => {
  fill(1, 20);
  const before = files().length;
  spool.remove(2);
  expect(files()).toHaveLength(before);
  spool.remove(19);
  expect(files()).toHaveLength(1);
  expect(spool.after(19)?.number).toBe(20);
  spool.remove(20);
  expect(files()).toEqual([]);
  expect({ empty: spool.empty, bytes: spool.bytes, last: spool.last }).toEqual({
    empty: true,
    bytes: 0,
    last: 0,
  });
});

test('a record that was torn by a kill is cut off, and writing goes on behind the last whole one', () => {
  fill(1, 6);
  spool.close();
  const bytes = readFileSync(file(-1));
  writeFileSync(file(-1), bytes.subarray(0, bytes.length - 3));
  reopen();
  expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  fill(6, 7);
  expect(numbers()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('half a head at the end is cut off too, and a file of nothing else goes', () => {
  fill(1, 2);
  spool.close();
  const whole = statSync(file(-1)).size;
  appendFileSync(file(-1), Buffer.alloc(7, 1));
  writeFileSync(join(directory, '0000000000000009.spool'), Buffer.alloc(5));
  reopen();
  expect(files()).toHaveLength(1);
  expect(statSync(file(0)).size).toBe(whole);
  expect(numbers()).toEqual([1, 2]);
});

test.each([
  ['its payload', 20],
  ['its number', 9],
  ['its length', 1],
])(
  'a record garbled in %s is left out with those behind it in its file, and the next file is read',
  (_, at) => {
    fill(1, 20);
    spool.close();
    const second = Number(/(\d+)\.spool/.exec(files()[1] ?? '')?.[1]);
    const bytes = readFileSync(file(0));
    // In the second record of the first file.
    const place = bytes.length / (second - 1) + at;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 0x40, place);
    writeFileSync(file(0), bytes);
    reopen();
    expect(numbers()).toEqual([1, ...Array.from({ length: 21 - second }, (_each, index) => second + index)]);
  },
);

test('what is dropped for want of room is the oldest file that was not sent, whole', () => {
  fill(1, 20);
  const second = Number(/(\d+)\.spool/.exec(files()[1] ?? '')?.[1]);
  const third = Number(/(\d+)\.spool/.exec(files()[2] ?? '')?.[1]);
  // The first file is under way up to its second record.
  const dropped = spool.dropAfter(2);
  expect(dropped?.map(({ number }) => number)).toEqual(
    Array.from({ length: third - second }, (_, index) => second + index),
  );
  expect(numbers()).not.toContain(second);
  expect(numbers().slice(0, 2)).toEqual([1, 2]);
  expect(spool.dropAfter(20)).toBeUndefined();
});
