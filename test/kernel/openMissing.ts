import { openSync } from 'node:fs';

/** So many calls of openat that fail, in this process. */
export function openMissing(path: string, times = 1): void {
  for (let i = 0; i < times; i++) {
    try {
      openSync(path, 'r');
    } catch {
      // It does not exist: that is what is traced.
    }
  }
}
