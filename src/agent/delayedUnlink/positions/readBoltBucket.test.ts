import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readBoltBucket } from './readBoltBucket.ts';
import { boltDatabase, type BoltContent } from './testing/boltDatabase.ts';
import { scratchDirectory } from './testing/scratchDirectory.ts';

const content: BoltContent = {
  bucket: 'default',
  entries: { 'a.one': Buffer.from('1'), 'a.three': Buffer.from('3'), 'b.two': Buffer.from('2') },
  layout: 'leaf',
};

async function read(
  bytes: Buffer,
  wanted: (key: string) => boolean = () => true,
): Promise<Record<string, string>> {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'receiver_filelog_');
  writeFileSync(file, bytes);
  const values = await readBoltBucket(file, 'default', wanted);
  return Object.fromEntries([...values].map(([key, value]) => [key, value.toString()]));
}

describe.each(['inline', 'leaf', 'branch'] as const)('of a bucket laid out as %s', (layout) => {
  test('the keys that are wanted have their values', async () => {
    const bytes = boltDatabase({ ...content, layout });
    expect(await read(bytes, (key) => key.startsWith('a.'))).toEqual({ 'a.one': '1', 'a.three': '3' });
    expect(await read(bytes, () => false)).toEqual({});
  });
});

test('a value may go on over many pages', async () => {
  const value = 'x'.repeat(100_000);
  expect(await read(boltDatabase({ ...content, entries: { a: Buffer.from(value) } }))).toEqual({ a: value });
});

test.each([1024, 16384, 65536])('pages may have %i bytes', async (pageSize) => {
  expect(await read(boltDatabase({ ...content, pageSize }))).toMatchObject({ 'b.two': '2' });
});

test.each([7n, 8n])(
  'of the meta pages the newer counts, or the other when it is half written (%i)',
  async (transaction) => {
    const bytes = boltDatabase({
      ...{ ...content, transaction },
      ...{ entries: { a: Buffer.from('now') }, before: { a: Buffer.from('before') } },
    });
    const halfWritten = (page: number): Buffer =>
      Buffer.from(bytes).fill(0xff, page * 4096 + 60, page * 4096 + 80);
    const page = Number(transaction % 2n);
    expect(await read(bytes)).toEqual({ a: 'now' });
    expect(await read(halfWritten(1 - page))).toEqual({ a: 'now' });
    expect(await read(halfWritten(page))).toEqual({ a: 'before' });
  },
);

describe('while the database is written', () => {
  const ofTransaction = (transaction: bigint): Buffer => {
    const value = Buffer.from(String(transaction));
    return boltDatabase({
      bucket: 'default',
      entries: { a: value, b: value },
      layout: 'branch',
      transaction,
    });
  };

  /** Between reading the page of one key and that of the next, this is what happens. */
  async function readMeanwhile(happens: (file: string, time: number) => void): Promise<string[]> {
    using scratch = scratchDirectory();
    const file = join(scratch.path, 'receiver_filelog_');
    writeFileSync(file, ofTransaction(7n));
    let times = 0;
    const values = await readBoltBucket(file, 'default', (key) => {
      if (key === 'a') happens(file, times++);
      return true;
    });
    return [...values.values()].map(String);
  }

  test('all values are those of one transaction', async () => {
    const values = await readMeanwhile((file, time) => {
      if (time === 0) writeFileSync(file, ofTransaction(9n));
    });
    expect(values).toEqual(['9', '9']);
  });

  test('which never ends, the reader gives up', async () => {
    const values = readMeanwhile((file, time) => {
      writeFileSync(file, ofTransaction(BigInt(8 + time)));
    });
    await expect(values).rejects.toThrow('they changed each of 8 times while they were read');
  });
});

describe('is refused in words', () => {
  const whole = boltDatabase(content);
  test.each([
    [
      'no database',
      Buffer.from('positions: {}\n'),
      'neither of its first two pages is one of a bbolt database',
    ],
    ['an empty file', Buffer.alloc(0), 'neither of its first two pages'],
    ['a database that was cut off', whole.subarray(0, 5 * 4096), 'it ends before its page'],
    ['a database whose pages are gone', Buffer.from(whole).fill(0, 2 * 4096), 'says that it is another'],
    [
      'a page with more elements than it has room for',
      Buffer.from(whole).fill(0xff, whole.length - 4086, whole.length - 4084),
      'beyond the page',
    ],
    ['a tree that goes round in circles', cycle(), 'deeper than'],
  ])('%s', async (_case, bytes, words) => {
    await expect(read(bytes)).rejects.toThrow(words);
    await expect(read(bytes)).rejects.toThrow('name a file or the directory of a file_storage');
  });

  /** Its root is a branch that leads to itself. */
  function cycle(): Buffer {
    const bytes = Buffer.from(whole);
    const root = bytes.length - 4096;
    bytes.writeUInt16LE(0x01, root + 8);
    bytes.writeUInt16LE(1, root + 10);
    bytes.writeBigUInt64LE(BigInt(root / 4096), root + 16 + 8);
    return bytes;
  }
});
