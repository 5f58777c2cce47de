import type { FilePosition } from './positions.ts';
import { PositionsError } from './positionsError.ts';

/** What in_tail writes for a file that it no longer follows (lib/fluent/plugin/in_tail/position_file.rb). */
const unwatched = 0xffff_ffff_ffff_ffffn;

/**
 * The notes of Fluentd's in_tail: a line a file, `PATH\tOFFSET\tINODE` in hexadecimal digits, changed in place. Lines that
 * are no such thing are passed over, as Fluentd does, and so is a last one that is not complete. Without follow_inodes
 * Fluentd keeps how far it has read a file that was rotated away to itself: that file is not known any more.
 */
export function fluentdPositions(bytes: Buffer, file: string): FilePosition[] {
  const lines = bytes.toString().split('\n').slice(0, -1);
  const notes = lines.flatMap((line): FilePosition[] => {
    const [, path = '', offset = '', inode = ''] =
      /^([^\t]+)\t([\da-f]{16})\t([\da-f]{8,16})$/i.exec(line) ?? [];
    if (path === '') return [];
    const position = BigInt(`0x${offset}`);
    return [
      { path, ...inodeOf(inode), offset: position, ...(position === unwatched && { unwatched: true }) },
    ];
  });
  if (notes.length === 0 && bytes.length > 0) {
    throw new PositionsError(
      'Garbled',
      file,
      'no line of it is PATH, offset and inode between tabs',
      "name the pos_file of Fluentd's <source>",
    );
  }
  return latestOf(notes);
}

/** 0 stands for an inode that is not known yet. */
function inodeOf(digits: string): Pick<FilePosition, 'inode'> {
  const inode = BigInt(`0x${digits}`);
  return inode === 0n ? {} : { inode };
}

/** Of a path and inode that come twice the later line is true. */
function latestOf(notes: readonly FilePosition[]): FilePosition[] {
  return [...new Map(notes.map((note) => [`${note.path ?? ''}\t${note.inode ?? 0n}`, note])).values()];
}
