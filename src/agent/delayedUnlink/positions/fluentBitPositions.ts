import { DatabaseSync } from 'node:sqlite';
import type { FilePosition } from './positions.ts';
import { PositionsError } from './positionsError.ts';
import { sqliteImage } from './sqliteImage.ts';

/** The database file, its write-ahead log and its rollback journal, of one moment. */
export interface SqliteFiles {
  database: Buffer;
  log: Buffer;
  journal: Buffer;
}

/** Bytes that a database may have in memory. */
const mostBytes = 64 * 1024 * 1024;
const mostFiles = 1_000_000;

/**
 * The notes of Fluent Bit's in_tail: the table in_tail_files of a SQLite database (plugins/in_tail/tail_sql.h). It is read
 * as a copy in memory: opening it would lock Fluent Bit out, or be locked out where DB.locking is on. Fluent Bit deletes
 * the row of a file that is gone.
 */
export function fluentBitPositions({ database, log, journal }: SqliteFiles, file: string): FilePosition[] {
  const refused = (reason: 'Garbled' | 'UnknownVersion', why: string, cause?: unknown): PositionsError =>
    new PositionsError(reason, file, why, "name the DB of Fluent Bit's tail input", { cause });
  if (journal.subarray(0, 8).equals(hotJournal)) {
    throw new PositionsError(
      'Busy',
      file,
      'a transaction in it is not finished',
      'they are read again when they next change; if Fluent Bit is gone, it mends its database when it starts',
    );
  }
  const image = sqliteImage(database, log, mostBytes);
  if (image === undefined) throw refused('Garbled', `its log says that it has more than ${mostBytes} bytes`);
  if (image.length === 0) throw refused('Garbled', 'it is empty: Fluent Bit has not begun to write it');
  try {
    using memory = new DatabaseSync(':memory:', { defensive: true });
    memory.deserialize(image);
    // No view or virtual table: those could run for ever.
    const table = memory
      .prepare(
        "SELECT count(*) AS count FROM sqlite_schema WHERE name = 'in_tail_files' AND sql LIKE 'CREATE TABLE %'",
      )
      .get();
    if (table?.['count'] !== 1) throw refused('UnknownVersion', 'it has no table in_tail_files');
    const statement = memory.prepare('SELECT name, offset, inode FROM in_tail_files ORDER BY id LIMIT ?');
    statement.setReadBigInts(true);
    return statement.all(mostFiles).flatMap(({ name, offset, inode }): FilePosition[] => {
      if (typeof offset !== 'bigint' || typeof inode !== 'bigint' || offset < 0n) return [];
      // SQLite's integers have a sign, inodes have none.
      return [{ ...(typeof name === 'string' && { path: name }), inode: BigInt.asUintN(64, inode), offset }];
    });
  } catch (error) {
    if (error instanceof PositionsError) throw error;
    const why = (error as Error).message;
    throw refused(why.startsWith('no such column') ? 'UnknownVersion' : 'Garbled', why, error);
  }
}

/** A journal that begins otherwise belongs to a transaction that has ended. */
const hotJournal = Buffer.from('d9d505f920a163d7', 'hex');
