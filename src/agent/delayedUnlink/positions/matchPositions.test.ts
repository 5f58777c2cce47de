import { describe, expect, test } from '@jest/globals';
import { Crc64 } from './crc64.ts';
import { matchPositions } from './matchPositions.ts';
import type { FilePosition, ShippedFile } from './positions.ts';

const head = Buffer.from('first line\nsecond line\nthird');
const file: ShippedFile = { path: '/var/log/a.log', inode: 5n, device: 8n, size: 28n, head: () => head };

function offsetOf(notes: FilePosition[], changed: Partial<ShippedFile> = {}): bigint | undefined {
  return matchPositions(notes, 0).of({ ...file, ...changed })?.offset;
}

describe('a file is known by its inode', () => {
  test('at its path and after it was renamed', () => {
    const notes = [{ path: '/var/log/a.log', inode: 5n, offset: 20n }];
    expect(offsetOf(notes)).toBe(20n);
    expect(offsetOf(notes, { path: '/var/log/a.log.1' })).toBe(20n);
  });

  test('and not by a path that is another file by now', () => {
    expect(offsetOf([{ path: '/var/log/a.log', inode: 6n, offset: 20n }])).toBeUndefined();
  });

  test('with the note of its own path before those of others, whose inode it has got', () => {
    const notes = [
      { path: '/var/log/old.log', inode: 5n, offset: 28n },
      { path: '/var/log/a.log', inode: 5n, offset: 3n },
    ];
    expect(offsetOf(notes)).toBe(3n);
  });

  test('on its device only, where the shipper notes that', () => {
    expect(offsetOf([{ inode: 5n, device: 9n, offset: 28n }])).toBeUndefined();
    expect(offsetOf([{ inode: 5n, device: 8n, offset: 28n }])).toBe(28n);
  });
});

describe('a file is known by its path', () => {
  test('where no inode was noted', () => {
    expect(offsetOf([{ path: '/var/log/a.log', offset: 7n }])).toBe(7n);
    expect(offsetOf([{ path: '/var/log/b.log', offset: 7n }])).toBeUndefined();
  });

  test('and what several sources read has been read as far as the last of them is', () => {
    const notes = [9n, 4n, 11n].map((offset) => ({ path: '/var/log/a.log', offset }));
    expect(offsetOf(notes)).toBe(4n);
  });
});

describe('a file is known by its content', () => {
  const bytes = (text: string): Pick<FilePosition, 'fingerprint'> => ({ fingerprint: Buffer.from(text) });

  test('by the longest beginning that was noted', () => {
    const notes = [
      { ...bytes('first'), offset: 5n },
      { ...bytes('first line\nsecond'), offset: 17n },
      { ...bytes('first line\nsecund'), offset: 18n },
      { ...bytes('first line\n'), offset: 11n },
    ];
    expect(offsetOf(notes)).toBe(17n);
  });

  test('not by a beginning that is longer than it, nor by an empty one', () => {
    expect(offsetOf([{ ...bytes(`${head.toString()} line`), offset: 28n }])).toBeUndefined();
    expect(offsetOf([{ ...bytes(''), offset: 0n }])).toBeUndefined();
  });

  test.each([
    ['its first line', 'first line\n'],
    ['its first two lines', 'first line\nsecond line\n'],
  ])('by the checksum of %s', (_case, summed) => {
    expect(offsetOf([{ checksum: new Crc64().update(Buffer.from(summed)).value, offset: 9n }])).toBe(9n);
  });

  test('by the checksum of as much of a long line as a shipper takes', () => {
    const long = Buffer.alloc(40_000, 'x');
    const checksum = new Crc64().update(long.subarray(0, 32 * 1024)).value;
    expect(offsetOf([{ checksum, offset: 9n }], { head: () => long })).toBe(9n);
  });

  test('which nobody reads for notes that need none', () => {
    const neverRead = (): Buffer => {
      throw new Error('read');
    };
    expect(offsetOf([{ path: '/x', inode: 1n, offset: 1n }], { head: neverRead })).toBeUndefined();
  });
});

test('a note of more bytes than there are says that the file was truncated, so that nothing counts as read', () => {
  const positions = matchPositions([{ path: '/var/log/a.log', inode: 5n, offset: 29n }], 0);
  expect(positions.of(file)).toMatchObject({ offset: 0n, truncated: true });
  expect(positions.of({ ...file, size: 29n })).toEqual({ offset: 29n, note: expect.any(String) });
});

test('a file that the shipper has stopped to follow is not known', () => {
  expect(
    offsetOf([{ path: '/var/log/a.log', inode: 5n, offset: 2n ** 64n - 1n, unwatched: true }]),
  ).toBeUndefined();
});

test('a note has the same name until the shipper notes something else', () => {
  const noteOf = (note: FilePosition): string | undefined => matchPositions([note], 0).of(file)?.note;
  const note = { path: '/var/log/a.log', inode: 5n, offset: 20n };
  expect(noteOf({ ...note })).toBe(noteOf(note));
  expect(noteOf({ ...note, offset: 21n })).not.toBe(noteOf(note));
  expect(noteOf({ ...note, path: '/var/log/b.log' })).not.toBe(noteOf(note));
});
