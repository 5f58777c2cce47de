import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { PositionsFormat } from '../../../probe/plan.ts';
import { Debounced } from '../../debounced.ts';
import { companionsOf, positionFiles } from './positionFiles.ts';

export interface WatchPositionsOptions {
  /** The positions at that path may be others now: read them. */
  onChange: () => void;
  signal: AbortSignal;
  /** How often to look without having been told, for file systems that do not tell. Default 2 s. */
  pollMilliseconds?: number;
}

/** As many changes as come in this time are one: shippers write in bursts, and some all the time. */
const gatherMilliseconds = 100;
/** A file changed this recently may change again without a newer time: clocks of file systems tick in milliseconds. */
const settleMilliseconds = 50;

/**
 * Tells of changes of a shipper's positions, also of those that are not there yet, until the signal is aborted; and once
 * when it has begun to watch, for what changed until then.
 */
export function watchPositions(
  format: PositionsFormat,
  path: string,
  { onChange, signal, pollMilliseconds = 2000 }: WatchPositionsOptions,
): void {
  const changed = new Debounced(() => {
    if (!signal.aborted) onChange();
  }, gatherMilliseconds);
  const watchers = new Map<string, FSWatcher>();
  let names = new Set<string>();
  let seen: string | undefined;

  const look = async (): Promise<void> => {
    const files = await watchedFiles(format, path);
    const now = await stateOf(files);
    if (signal.aborted) return;
    names = new Set(files.map((file) => basename(file)));
    watchDirectories(new Set(files.map((file) => dirname(file))), watchers, (name) => {
      if (name === null || names.has(name)) changed.request();
    });
    if (now !== seen) changed.request();
    seen = now;
  };
  let looking = false;
  const lookOnce = (): void => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  };
  const timer = setInterval(lookOnce, pollMilliseconds).unref();
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    for (const watcher of watchers.values()) watcher.close();
  });
  if (!signal.aborted) lookOnce();
}

async function watchedFiles(format: PositionsFormat, path: string): Promise<string[]> {
  const files = await positionFiles(format, path).catch((): string[] => []); // readPositions says why
  return [path, ...files].flatMap((file) => [file, ...companionsOf(format, file)]);
}

async function stateOf(files: readonly string[]): Promise<string> {
  const states = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      if (found === undefined) return `${file} -`;
      const age = Date.now() - Number(found.mtimeMs);
      const unsettled = age < settleMilliseconds ? ` ${performance.now()}` : '';
      return `${file} ${found.ino} ${found.size} ${found.mtimeNs}${unsettled}`;
    }),
  );
  return states.join('\n');
}

/** Watches these and no others; one that cannot be watched is looked at again and again anyway. */
function watchDirectories(
  directories: ReadonlySet<string>,
  watchers: Map<string, FSWatcher>,
  onEvent: (name: string | null) => void,
): void {
  const drop = (directory: string): void => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  for (const directory of watchers.keys()) if (!directories.has(directory)) drop(directory);
  for (const directory of directories) {
    if (watchers.has(directory)) continue;
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        onEvent(name);
      });
      watcher.on('error', () => {
        drop(directory);
      });
      watchers.set(directory, watcher);
    } catch {
      // Not there yet, or no watches left.
    }
  }
}
