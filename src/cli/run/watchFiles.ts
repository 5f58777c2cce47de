import { watch, type FSWatcher } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface WatchOptions {
  files: readonly string[];
  /** What textsOf said before anything was made of the files: changes from then on count. */
  since: readonly (string | undefined)[];
  /** Called when the text of any of them has changed and can be read; not again before it has settled. */
  onChange: () => Promise<void>;
  onError: (error: Error) => void;
}

export interface FileWatch {
  /** Ends watching; settled when no change is being worked on any more. */
  close(): Promise<void>;
}

/** Several events of one change (truncated, written, renamed) are one. */
const settleMilliseconds = 100;

/**
 * Watches files by their directories: editors replace a file by renaming, and a mounted ConfigMap by moving a symbolic
 * link. What counts is the text, so that touching a file is no change, nor is a half-written one that will change again.
 */
export async function watchFiles({ files, since, onChange, onError }: WatchOptions): Promise<FileWatch> {
  let texts = since;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  const look = async (): Promise<void> => {
    const now = await textsOf(files);
    // A file that is being replaced is not there for a moment; its return is another event.
    if (closed || now.includes(undefined) || now.every((text, index) => text === texts[index])) return;
    texts = now;
    await onChange();
  };
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      working = working.then(look).catch((error: unknown) => {
        onError(error instanceof Error ? error : new Error(String(error)));
      });
    }, settleMilliseconds);
  };

  const directories = new Set<string>();
  for (const file of files) {
    directories.add(dirname(file));
    directories.add(dirname(await realpath(file)));
  }
  const watchers = [...directories].map((directory): FSWatcher => {
    const watcher = watch(directory, schedule);
    watcher.on('error', onError);
    return watcher;
  });
  schedule();
  const close = async (): Promise<void> => {
    closed = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await working;
  };
  return { close };
}

/** What files contain now; undefined: one that cannot be read. */
export async function textsOf(files: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined)));
}
