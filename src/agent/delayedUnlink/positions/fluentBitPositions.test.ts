import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { fluentBitPositions } from './fluentBitPositions.ts';
import { PositionsError } from './positionsError.ts';
import { FluentBitDatabase } from './testing/fluentBitDatabase.ts';
import { scratchDirectory } from './testing/scratchDirectory.ts';

function positionsIn(file: string): ReturnType<typeof fluentBitPositions> {
  const bytes = (path: string): Buffer => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
  const [database, log, journal] = [bytes(file), bytes(`${file}-wal`), bytes(`${file}-journal`)];
  return fluentBitPositions({ database, log, journal }, file);
}

describe.each([
  { journalMode: 'WAL' },
  { journalMode: 'WAL', locking: true },
  { journalMode: 'DELETE' },
  { journalMode: 'DELETE', locking: true },
  { journalMode: 'TRUNCATE' },
  { journalMode: 'PERSIST' },
] as const)('of a Fluent Bit that runs with $journalMode, locking $locking', (settings) => {
  test('the last offsets are known, also of files that were renamed', () => {
    using scratch = scratchDirectory();
    const file = join(scratch.path, 'tail.db');
    using shipper = new FluentBitDatabase(file, settings);
    shipper.insert('/var/log/a.log', 5n);
    shipper.insert('/var/log/b.log', 2n ** 63n - 1n, 7n);
    shipper.read(5n, 2n ** 40n);
    shipper.rotate(5n, '/var/log/a.log.1');
    expect(positionsIn(file)).toEqual([
      { path: '/var/log/a.log.1', inode: 5n, offset: 2n ** 40n },
      { path: '/var/log/b.log', inode: 2n ** 63n - 1n, offset: 7n },
    ]);
    // Nothing keeps the shipper from going on, and what it writes then is seen.
    shipper.read(5n, 6n);
    expect(positionsIn(file)[0]).toMatchObject({ offset: 6n });
  });
});

test('pages of the log that were copied to the database and then written anew are right', () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'tail.db');
  using shipper = new FluentBitDatabase(file);
  for (let inode = 1n; inode <= 200n; inode++) shipper.insert(`/var/log/${'x'.repeat(200)}${inode}`, inode);
  shipper.database.exec('PRAGMA wal_checkpoint(FULL);');
  const length = statSync(`${file}-wal`).size;
  shipper.read(150n, 9n);
  expect(statSync(`${file}-wal`).size).toBe(length); // begun again, with old frames behind the new ones
  const positions = positionsIn(file);
  expect(positions).toHaveLength(200);
  expect(positions[149]).toMatchObject({ inode: 150n, offset: 9n });
});

test('a frame of the log that is half written, and what comes after it, does not count', () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'tail.db');
  using shipper = new FluentBitDatabase(file);
  shipper.insert('/a', 5n, 1n);
  shipper.database.exec('PRAGMA wal_checkpoint(FULL);');
  const [database, journal] = [readFileSync(file), Buffer.alloc(0)];
  shipper.read(5n, 2n);
  const log = readFileSync(`${file}-wal`);
  expect(fluentBitPositions({ database, log, journal }, file)).toMatchObject([{ offset: 2n }]);
  const torn = Buffer.from(log).fill(0xff, 100, 200);
  expect(fluentBitPositions({ database, log: torn, journal }, file)).toMatchObject([{ offset: 1n }]);
});

test('a transaction that is not finished is waited for', () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'tail.db');
  using shipper = new FluentBitDatabase(file, { journalMode: 'DELETE' });
  shipper.insert('/a', 5n, 1n);
  // A cache of nothing: pages and the journal are on disk before the transaction ends.
  shipper.database.exec('PRAGMA cache_size=0; PRAGMA cache_spill=1; BEGIN;');
  for (let inode = 10n; inode < 500n; inode++) shipper.insert(`/var/log/${'x'.repeat(200)}`, inode);
  expect(() => positionsIn(file)).toThrow('a transaction in it is not finished');
  shipper.database.exec('ROLLBACK;');
  expect(positionsIn(file)).toHaveLength(1);
});

describe('a database is refused', () => {
  const refusalOf = (sql: string): string => {
    using scratch = scratchDirectory();
    const file = join(scratch.path, 'tail.db');
    using database = new DatabaseSync(file);
    database.exec(sql);
    try {
      positionsIn(file);
    } catch (error) {
      if (error instanceof PositionsError)
        return `${error.reason}: ${error.message.replace(scratch.path, '')}`;
      throw error;
    }
    return '';
  };

  test.each([
    [
      'that is of something else',
      'CREATE TABLE files (id)',
      'UnknownVersion: cannot go by the positions in /tail.db: it has no table in_tail_files',
    ],
    ['whose table has other columns', 'CREATE TABLE in_tail_files (id, path)', 'UnknownVersion'],
    [
      'that has a view of that name, which might run for ever',
      'CREATE VIEW in_tail_files AS SELECT 1 AS name',
      'it has no table',
    ],
    ['that is empty', '', 'Fluent Bit has not begun to write it'],
  ])('%s', (_case, sql, words) => {
    expect(refusalOf(sql)).toContain(words);
  });
});
