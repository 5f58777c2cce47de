import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './atEnd.ts';

/** Runs `use` with a new directory, which is removed afterwards, also when this process is ended meanwhile. */
export async function withScratchDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  const takeBack = atEnd(remove);
  try {
    return await use(directory);
  } finally {
    takeBack();
    remove();
  }
}
