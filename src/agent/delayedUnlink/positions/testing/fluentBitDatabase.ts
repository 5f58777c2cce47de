import { DatabaseSync } from 'node:sqlite';

/** As plugins/in_tail/tail_sql.h of Fluent Bit has it. */
const createFiles =
  'CREATE TABLE IF NOT EXISTS in_tail_files (' +
  '  id      INTEGER PRIMARY KEY,' +
  '  name    TEXT NOT NULL,' +
  '  offset  INTEGER,' +
  '  inode   INTEGER,' +
  '  created INTEGER,' +
  '  rotated INTEGER DEFAULT 0' +
  ');';

export interface FluentBitSettings {
  journalMode?: 'WAL' | 'DELETE' | 'TRUNCATE' | 'PERSIST';
  /** DB.locking. */
  locking?: boolean;
}

/** The database of a Fluent Bit that is running: with what it does to SQLite, in its order. */
export class FluentBitDatabase {
  readonly database: DatabaseSync;

  constructor(file: string, { journalMode = 'WAL', locking = false }: FluentBitSettings = {}) {
    this.database = new DatabaseSync(file);
    this.database.exec(createFiles);
    this.database.exec('PRAGMA synchronous=1;');
    if (locking) this.database.exec('PRAGMA locking_mode=EXCLUSIVE;');
    this.database.exec(`PRAGMA journal_mode=${journalMode};`);
  }

  insert(name: string, inode: bigint, offset = 0n): void {
    this.database
      .prepare('INSERT INTO in_tail_files (name, offset, inode, created) VALUES (?, ?, ?, 0);')
      .run(name, offset, inode);
  }

  read(inode: bigint, offset: bigint): void {
    this.database.prepare('UPDATE in_tail_files set offset=? WHERE inode=?;').run(offset, inode);
  }

  rotate(inode: bigint, name: string): void {
    this.database.prepare('UPDATE in_tail_files set name=?,rotated=1 WHERE inode=?;').run(name, inode);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}
