import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { PositionsError } from './positionsError.ts';

/** What a file held. */
export interface Notes {
  bytes: Buffer;
  /** Milliseconds since 1970. */
  writtenAt: number;
}

/** The content of a shipper's file, at most `maxBytes`. Throws a PositionsError. */
export async function readNotes(file: string, maxBytes: number): Promise<Notes> {
  try {
    // Not to wait for a writer, should it be a pipe.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) {
      const what = stat.isDirectory() ? 'it is a directory' : 'it is no regular file';
      throw new PositionsError('Unreadable', file, what, 'name the file that the shipper writes');
    }
    if (stat.size > maxBytes) throw tooLarge(file, stat.size, maxBytes);
    const bytes = Buffer.allocUnsafe(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break; // shorter by now
      length += bytesRead;
    }
    return { bytes: bytes.subarray(0, length), writtenAt: stat.mtimeMs };
  } catch (error) {
    throw error instanceof PositionsError ? error : unreadable(file, error);
  }
}

/**
 * The contents of files that a shipper changes in place and that belong together: read again until all were the same
 * twice, so that they are of one moment. The first must be there, for the others undefined says that they are not.
 */
export async function readSteadyNotes(
  files: readonly [string, ...string[]],
  maxBytes: number,
): Promise<(Notes | undefined)[]> {
  let before: (Notes | undefined)[] = [];
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const now: (Notes | undefined)[] = [];
    for (const [index, file] of files.entries()) {
      now.push(
        await readNotes(file, maxBytes).catch((error: unknown) => {
          if (index > 0 && error instanceof PositionsError && error.reason === 'Missing') return undefined;
          throw error;
        }),
      );
    }
    if (attempt > 0 && now.every((notes, index) => same(notes, before[index]))) return now;
    before = now;
    await setTimeout(attempt); // milliseconds: a shipper's write takes less
  }
  throw busy(files[0]);
}

/** How often positions that change meanwhile are read again. */
export const mostAttempts = 8;

export function busy(file: string): PositionsError {
  return new PositionsError(
    'Busy',
    file,
    `they changed each of ${mostAttempts} times while they were read`,
    'they are read again when they next change',
  );
}

function tooLarge(file: string, size: number, maxBytes: number): PositionsError {
  return new PositionsError(
    'TooLarge',
    file,
    `it has ${size} bytes, more than the ${maxBytes} that are read`,
    'let the shipper compact it, or name the right file',
  );
}

/** A failed system call, in words. */
export function unreadable(file: string, error: unknown): PositionsError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PositionsError(
      'Missing',
      file,
      'there is no such file',
      'wait until the shipper has begun to read, or name the path that its configuration names, as it is on the node',
      { cause: error },
    );
  }
  return new PositionsError('Unreadable', file, message, 'let the agent read it', { cause: error });
}

function same(a: Notes | undefined, b: Notes | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.bytes.equals(b.bytes);
}
