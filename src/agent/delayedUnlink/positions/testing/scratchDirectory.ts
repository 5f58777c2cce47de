import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of a test, removed at the end of its scope. */
export function scratchDirectory(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'traceprobe-positions-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
