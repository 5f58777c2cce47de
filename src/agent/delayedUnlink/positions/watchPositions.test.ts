import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { PositionsFormat } from '../../../probe/plan.ts';
import { FluentBitDatabase } from './testing/fluentBitDatabase.ts';
import { scratchDirectory } from './testing/scratchDirectory.ts';
import { watchPositions } from './watchPositions.ts';

interface Watched extends Disposable {
  /** Settled when it has been told since the last call. */
  told: () => Promise<void>;
}

/** Polls so seldom that only notices of the kernel count, unless `pollMilliseconds` says otherwise. */
function watched(format: PositionsFormat, path: string, pollMilliseconds = 1e9): Watched {
  const ended = new AbortController();
  let next = Promise.withResolvers<undefined>();
  watchPositions(format, path, {
    onChange: () => {
      next.resolve(undefined);
    },
    signal: ended.signal,
    pollMilliseconds,
  });
  return {
    told: async () => {
      await next.promise;
      next = Promise.withResolvers();
    },
    [Symbol.dispose]: () => {
      ended.abort();
    },
  };
}

test('it tells once at first, then of each change in place', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'pos');
  writeFileSync(file, 'a');
  using watch = watched('Fluentd', file);
  await watch.told();
  for (const content of ['b', 'c']) {
    writeFileSync(file, content);
    await watch.told();
  }
});

test('it tells when the file is replaced', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'checkpoints.json');
  writeFileSync(file, 'a');
  using watch = watched('Vector', scratch.path);
  await watch.told();
  for (const content of ['b', 'c']) {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    await watch.told();
  }
});

test("it tells of what is written to a database's log alone", async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'tail.db');
  using shipper = new FluentBitDatabase(file);
  shipper.insert('/a', 5n);
  using watch = watched('FluentBit', file);
  await watch.told();
  shipper.read(5n, 6n);
  await watch.told();
});

test('it tells of a file in a directory that is not there yet, or again', async () => {
  using scratch = scratchDirectory();
  const directory = join(scratch.path, 'storage');
  using watch = watched('OtelCol', directory, 5);
  await watch.told();
  for (const content of ['b', 'c']) {
    mkdirSync(directory);
    writeFileSync(join(directory, 'receiver_filelog_'), content);
    await watch.told();
    rmSync(directory, { recursive: true });
    await watch.told();
  }
});

test('after its end it tells nothing', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'pos');
  let told = 0;
  const ended = new AbortController();
  watchPositions('Fluentd', file, { onChange: () => told++, signal: ended.signal, pollMilliseconds: 1 });
  ended.abort();
  writeFileSync(file, 'a');
  // Another one that has been told by now has seen the same.
  using watch = watched('Fluentd', file);
  await watch.told();
  expect(told).toBe(0);
});
