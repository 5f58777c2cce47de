import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A directory that stays the one it is, whatever becomes of its path, and a name in it. */
export interface Parent extends Disposable {
  /** Path of the name in that directory, for calls that take paths. */
  entry: string;
}

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * Opens the directory that a file lies in, from `root` downwards without following a symbolic link: whoever may write
 * below `root` cannot lead us out of it.
 * @param relativePath of the file, from `root`
 * @throws ENOENT, ENOTDIR or ELOOP: there is no such directory (any more)
 */
export function openParent(root: string, relativePath: string): Parent {
  const names = dirname(relativePath)
    .split('/')
    .filter((name) => name !== '.' && name !== '');
  let fd = openSync(root, O_RDONLY | O_DIRECTORY);
  for (const name of names) {
    try {
      const next = openSync(`/proc/self/fd/${fd}/${name}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      closeSync(fd);
      fd = next;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
  return {
    entry: `/proc/self/fd/${fd}/${basename(relativePath)}`,
    [Symbol.dispose]() {
      closeSync(fd);
    },
  };
}

/** Node has no name for it ("Unknown system error -116"). */
const ESTALE = 116;

/** Says that what a path named is not there any more, or is something else. */
export function isGone(error: unknown): boolean {
  const { code = '', errno } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code) || errno === -ESTALE;
}
