import { copyFile, link, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { storePaths, type StorePaths } from '../../aggregator/local/storePaths.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError } from '../cliError.ts';
import { fileProblem } from './fileProblem.ts';
import { openStoreToRead } from './openStore.ts';

/**
 * Makes a store of a backup, in a directory that has none.
 *
 * @throws CliError; then nothing was changed
 */
export async function restoreStore(file: string, paths: StorePaths, context: CliContext): Promise<void> {
  const { directory } = paths;
  await stat(file).catch((error: unknown) => {
    throw new CliError([fileProblem(error, 'the backup', file)]);
  });
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new CliError([fileProblem(error, 'the directory', directory)]);
  });
  await refuseStore(paths);
  const made = await mkdtemp(join(directory, 'restore-'));
  try {
    const copy = storePaths(made);
    await copyFile(file, copy.file);
    await checkStore(copy, file, context);
    // Unlike a rename it fails if somebody else has made a store meanwhile.
    await link(copy.file, paths.file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') await refuseStore(paths);
    throw new CliError([fileProblem(error, 'the directory', directory)]);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  context.stdout.line(`${paths.file} is restored`);
}

async function refuseStore({ directory, file }: StorePaths): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new CliError([
    {
      message: `there is a store in ${directory}, and it is not overwritten`,
      hints: ['restore into an empty directory, or move that store away while nothing has it open'],
    },
  ]);
}

/** @throws CliError when the copy is no store */
async function checkStore(copy: StorePaths, file: string, context: CliContext): Promise<void> {
  try {
    await using opened = await openStoreToRead(copy, context);
    await opened.store.checkpoint();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new CliError([
      { message: `${file} is no backup of a store: ${reason.replaceAll(copy.file, file)}` },
    ]);
  }
}
