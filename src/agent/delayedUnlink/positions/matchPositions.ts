import { Crc64 } from './crc64.ts';
import type { FilePosition, Positions, Reading, ShippedFile } from './positions.ts';

/**
 * Finds a file's position among a shipper's notes, in the way that the notes know files: by inode (whatever the path
 * has become: logs are rotated by renaming them), by path where no inode was noted, or by the file's first bytes.
 */
export function matchPositions(notes: readonly FilePosition[], writtenAt: number): Positions {
  const followed = notes.filter(({ unwatched }) => unwatched !== true);
  const byInode = Map.groupBy(followed, ({ inode }) => inode);
  const byPath = Map.groupBy(followed, ({ inode, path }) => (inode === undefined ? path : undefined));
  const byContent = [...prefixesOf(followed), ...checksumsOf(followed)];

  const find = (file: ShippedFile): readonly FilePosition[] => {
    const same = byInode
      .get(file.inode)
      ?.filter(({ device }) => device === undefined || device === file.device);
    if (same !== undefined && same.length > 0) {
      const named = same.filter(({ path }) => path === file.path);
      return named.length > 0 ? named : same;
    }
    const named = byPath.get(file.path);
    if (named !== undefined || byContent.length === 0) return named ?? [];
    const head = file.head();
    return byContent.map((matching) => matching(head)).find((found) => found.length > 0) ?? [];
  };
  return { writtenAt, of: (file) => readingOf(find(file), file.size) };
}

/** What is noted more than once has been read as far as the note says that says least. */
function readingOf(notes: readonly FilePosition[], size: bigint): Reading | undefined {
  const [first, ...others] = notes;
  if (first === undefined) return undefined;
  const least = others.reduce((a, b) => (b.offset < a.offset ? b : a), first);
  const note = notes.map(({ path, inode, offset }) => [path, inode, offset].join('\0')).join('\n');
  return least.offset > size ? { offset: 0n, truncated: true, note } : { offset: least.offset, note };
}

type MatchesHead = (head: Uint8Array) => readonly FilePosition[];

/** Notes with a file's first bytes, those of which there are most first: a longer beginning is the better match. */
function prefixesOf(notes: readonly FilePosition[]): MatchesHead[] {
  const byLength = Map.groupBy(notes, ({ fingerprint }) => fingerprint?.length ?? 0);
  return [...byLength]
    .filter(([length]) => length > 0)
    .sort(([a], [b]) => b - a)
    .map(([length, group]) => {
      const byBytes = Map.groupBy(group, ({ fingerprint = new Uint8Array() }) => keyOf(fingerprint));
      return (head) => (head.length < length ? [] : (byBytes.get(keyOf(head.subarray(0, length))) ?? []));
    });
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** How many lines a checksum may be of: shippers count one unless they are told otherwise. */
const mostLines = 32;
/** Bytes that a checksum may be of without regard to lines: a line longer than a shipper's longest, or an old shipper. */
const checksumLengths = new Set([256, 32 * 1024, 100 * 1024]);
const newline = 0x0a;

function checksumsOf(notes: readonly FilePosition[]): MatchesHead[] {
  const withChecksum = notes.filter(({ checksum }) => checksum !== undefined);
  if (withChecksum.length === 0) return [];
  const byChecksum = Map.groupBy(withChecksum, ({ checksum }) => checksum);
  return [
    (head) => {
      const crc = new Crc64();
      let summed = 0;
      for (const end of endsOf(head)) {
        const found = byChecksum.get(crc.update(head.subarray(summed, end)).value);
        if (found !== undefined) return found;
        summed = end;
      }
      return [];
    },
  ];
}

/** Where what a checksum was made of may end, in ascending order. */
function endsOf(head: Uint8Array): number[] {
  const ends = [...checksumLengths].filter((length) => length <= head.length);
  for (let at = head.indexOf(newline), lines = 0; at >= 0 && lines < mostLines; lines++) {
    ends.push(at + 1);
    at = head.indexOf(newline, at + 1);
  }
  return ends.sort((a, b) => a - b);
}
