import type { Problem } from '../cliError.ts';

const causes: Partial<Record<string, string>> = {
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'its file system is read-only',
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no directory',
  EEXIST: 'it is a file, not a directory',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
};

/** Why a file or directory cannot be used. */
export function fileProblem(error: unknown, what: string, path: string): Problem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const hints =
    code === 'EEXIST' && what === '--store'
      ? ['write --store behind the FILE, or --store=DIR: the word behind it is taken for a directory']
      : [];
  return { message: `${what} ${path} cannot be used: ${causes[code] ?? message}`, hints };
}
