import { readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { matchesPathPattern, type PathPattern } from '../../probe/delayedUnlink/pathPattern.ts';

/** As many directories as the kernel walks upwards. */
const deepest = 24;

/** Paths below `root` of the regular files that a pattern means, as far as they can be read. Links are not followed. */
export function* existingFiles(root: string, pattern: PathPattern): Generator<string, void, undefined> {
  const most = pattern.depth === 'any' ? deepest : pattern.depth;
  const below = function* (directory: string, depth: number): Generator<string, void, undefined> {
    for (const entry of entriesOf(join(root, directory))) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory() && depth < most) yield* below(path, depth + 1);
      else if (entry.isFile() && matchesPathPattern(pattern, path)) yield path;
    }
  };
  yield* below('', 0);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // gone meanwhile, or not ours to read
  }
}
