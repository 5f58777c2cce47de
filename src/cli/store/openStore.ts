import { mkdir, stat } from 'node:fs/promises';
import { LiveFeed } from '../../aggregator/live.ts';
import { serveLocally } from '../../aggregator/local/serveLocally.ts';
import type { StorePaths } from '../../aggregator/local/storePaths.ts';
import { auditTo } from '../../aggregator/read/audit.ts';
import { Store, type StoreOptions } from '../../aggregator/store/store.ts';
import { StoreError } from '../../aggregator/store/storeError.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError } from '../cliError.ts';
import { fileProblem } from './fileProblem.ts';

/** A store that this process has open, and its socket. */
export interface OpenStore extends AsyncDisposable {
  store: Store;
  feed: LiveFeed;
  socket: string;
}

/** One host has no need of more. */
const memoryLimit = 512 << 20;

/** Nothing is dropped while a store is only looked at, however old it is. */
const forever = 2 ** 31 - 1;

/**
 * Opens a store to add to it; it is made when there is none.
 *
 * @throws CliError
 */
export async function openStore(paths: StorePaths, context: CliContext): Promise<OpenStore> {
  // DuckDB has no option for the mode of its files, and events are nobody else's business.
  process.umask(0o077);
  try {
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliError([fileProblem(error, '--store', paths.directory)]);
  }
  return open(paths, {}, context);
}

/**
 * Opens a store to look at it, which takes nothing away from it.
 *
 * @throws CliError when there is none
 */
export async function openStoreToRead(paths: StorePaths, context: CliContext): Promise<OpenStore> {
  await requireStore(paths);
  // Not the one where others look for whoever stays.
  return open({ ...paths, socket: `${paths.socket}-${process.pid}` }, { retentionMs: forever }, context);
}

/** @throws CliError when there is no store */
export async function requireStore({ directory, file }: StorePaths): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new CliError([fileProblem(error, 'the store in', directory)]);
    }
    throw new CliError([
      {
        message: `there is no store in ${directory}`,
        hints: ['traceprobe run FILE --store makes one; --store DIR names another directory'],
      },
    ]);
  }
}

async function open(
  { directory, file, socket }: StorePaths,
  options: Partial<StoreOptions>,
  { log }: CliContext,
): Promise<OpenStore> {
  const store = await Store.open({ path: file, memoryLimit, ...options }).catch((error: unknown) => {
    throw error instanceof StoreError ? openError(error, directory) : error;
  });
  const feed = new LiveFeed();
  try {
    const server = await serveLocally({
      ...{ store, feed, socket },
      audit: auditTo({
        info: (message, values) => {
          log('info', message, values);
        },
      }),
      onFault: (call, error) => {
        log('error', 'a read failed', { call, reason: String(error) });
      },
    });
    return {
      ...{ store, feed, socket },
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw new CliError([
      { message: `the store in ${directory} cannot be served: ${(error as Error).message}` },
    ]);
  }
}

/** Somebody else has the store open. */
export class StoreInUseError extends CliError {}

function openError({ failure, message }: StoreError, directory: string): CliError {
  if (failure !== 'locked') return new CliError([{ message: `the store in ${directory}: ${message}` }]);
  return new StoreInUseError([
    {
      message: `another process has the store in ${directory} open`,
      hints: ['a store can be open once: end the other run, or name another directory with --store DIR'],
    },
  ]);
}
