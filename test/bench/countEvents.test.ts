import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { countLeanRecords, countLines } from './countEvents.ts';

const directory = mkdtempSync(join(tmpdir(), 'traceprobe-count-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(content: string | Buffer): string {
  const path = join(directory, 'events');
  writeFileSync(path, content);
  return path;
}

test("lines of the load's file count, those of other files and longer names do not", () => {
  const lines = [
    '1 2 load /missing',
    '1 2 bash /etc/passwd',
    '1 2 load /missing/more',
    '1 2 load /missing',
    '',
  ];
  expect(countLines(file(lines.join('\n')), '/missing')).toBe(2);
});

test('records of the lean program are found behind those of other files, whatever their length', () => {
  const record = (path: string): Buffer => {
    const bytes = Buffer.alloc((32 + path.length + 1 + 7) & ~7);
    bytes.writeUInt32LE(path.length + 1, 12);
    bytes.write(path, 32);
    return bytes;
  };
  const records = ['/a', '/missing', '/missing/more', '/missing', '/miss'].map(record);
  expect(countLeanRecords(file(Buffer.concat(records)), '/missing')).toBe(2);
});
