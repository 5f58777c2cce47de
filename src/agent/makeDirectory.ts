import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A directory and those above it, as `mkdir -p` makes them. Node's own recursive mkdir goes round for ever below a
 * directory in which nothing can be made, which is told by ENOENT: in sysfs, where no bpffs is mounted, or in proc.
 *
 * @throws Error of mkdir when it cannot be made
 */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // someone else was quicker
  }
}
