import type { DuckDBConnection } from '@duckdb/node-api';
import { appendRows, fixedColumn, textColumn } from './appendRows.ts';
import { sourceCounts, type SourceAccount, type SourceCounts, type SourceState } from './sources.ts';

/*
 * Counts of sources change with every commit, of thousands of them: they are appended to a log, not updated. A log is
 *
 *   meta.progress_<n>  source UINTEGER, next UBIGINT, stored, filtered, lost_spool, lost_gap, lost_backlog,
 *                      lost_malformed UBIGINT, seen UBIGINT (ms)       all only grow: the largest of each counts
 *   meta.accounts_<n>  source UINTEGER, entry UBIGINT, account VARCHAR (JSON)    the one of the largest entry counts
 *
 * and is replaced by one of the next number, with one line a source, when it has become long.
 */

/** In the log of progress: `next` is the number of the commit. */
const commitSource = 0xffff_ffff;

const countColumns = [
  'stored',
  'filtered',
  'lost_spool',
  'lost_gap',
  'lost_backlog',
  'lost_malformed',
] as const;

export function createLogs(log: number): string[] {
  const counts = ['next', ...countColumns, 'seen'].map((name) => `${name} UBIGINT`).join(', ');
  return [
    `CREATE TABLE meta.progress_${log} (source UINTEGER, ${counts})`,
    `CREATE TABLE meta.accounts_${log} (source UINTEGER, entry UBIGINT, account VARCHAR)`,
  ];
}

export function dropLogs(log: number): string[] {
  return [`DROP TABLE meta.progress_${log}`, `DROP TABLE meta.accounts_${log}`];
}

/** A line of the log of progress. */
export interface ProgressEntry extends SourceCounts {
  id: number;
  next: bigint;
  seen: number;
}

export function progressOf(source: SourceState): ProgressEntry {
  const counts = Object.fromEntries(
    sourceCounts.map((name) => [name, source[name]]),
  ) as unknown as SourceCounts;
  return { id: source.id, next: source.watermark.next, seen: source.seen, ...counts };
}

/** Appends to the log of progress, and the number of the commit. */
export async function appendProgress(
  connection: DuckDBConnection,
  log: number,
  entries: readonly ProgressEntry[],
  commit: bigint,
): Promise<void> {
  const rows = entries.length + 1;
  const sources = Uint32Array.from([...entries.map(({ id }) => id), commitSource]);
  const numbers = (pick: (entry: ProgressEntry) => bigint, last = 0n): BigUint64Array<ArrayBuffer> => {
    const values = new BigUint64Array(rows);
    for (const [row, entry] of entries.entries()) values[row] = pick(entry);
    values[rows - 1] = last;
    return values;
  };
  const columns = [
    fixedColumn('UINTEGER', sources),
    fixedColumn(
      'UBIGINT',
      numbers(({ next }) => next, commit),
    ),
    ...sourceCounts.map((name) =>
      fixedColumn(
        'UBIGINT',
        numbers((entry) => entry[name]),
      ),
    ),
    fixedColumn(
      'UBIGINT',
      numbers(({ seen }) => BigInt(seen)),
    ),
  ];
  await appendRows(connection, 'meta', `progress_${log}`, columns, rows);
}

export async function appendAccounts(
  connection: DuckDBConnection,
  log: number,
  accounts: readonly { id: number; account: SourceAccount }[],
  entry: bigint,
): Promise<void> {
  const columns = [
    fixedColumn('UINTEGER', Uint32Array.from(accounts.map(({ id }) => id))),
    fixedColumn('UBIGINT', new BigUint64Array(accounts.length).fill(entry)),
    textColumn(accounts.map(({ account }) => accountText(account))),
  ];
  await appendRows(connection, 'meta', `accounts_${log}`, columns, accounts.length);
}

/** Numbers of the logs that are there, ascending: one, or none in a new file. */
export async function logTables(connection: DuckDBConnection): Promise<{ names: number[]; newest: number }> {
  const reader = await connection.runAndReadAll(
    "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name LIKE 'progress%'",
  );
  const names = reader
    .getRowsJS()
    .map(([name]) => Number((name as string).slice('progress_'.length)))
    .sort((a, b) => a - b);
  return { names, newest: names.at(-1) ?? 0 };
}

/** Number of the last commit; 0n: none. */
export async function lastCommit(connection: DuckDBConnection, log: number): Promise<bigint> {
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(max(next), 0)::UBIGINT FROM meta.progress_${log} WHERE source = ${commitSource}`,
  );
  return reader.getRowsJS()[0]?.[0] as bigint;
}

export async function readProgress(
  connection: DuckDBConnection,
  logs: readonly number[],
): Promise<{ commit: bigint; progress: Map<number, { next: bigint; seen: number; counts: SourceCounts }> }> {
  const progress = new Map<number, { next: bigint; seen: number; counts: SourceCounts }>();
  let commit = 0n;
  for (const log of logs) {
    const reader = await connection.runAndReadAll(
      `SELECT source, max(next), max(seen), ${countColumns.map((name) => `max(${name})`).join(', ')}
       FROM meta.progress_${log} GROUP BY source`,
    );
    for (const [source, next, seen, ...values] of reader.getRowsJS()) {
      if (Number(source) === commitSource) {
        commit = next as bigint;
        continue;
      }
      const counts = Object.fromEntries(
        sourceCounts.map((name, index) => [name, values[index] as bigint]),
      ) as unknown as SourceCounts;
      progress.set(Number(source), { next: next as bigint, seen: Number(seen), counts });
    }
  }
  return { commit, progress };
}

export async function readAccounts(
  connection: DuckDBConnection,
  logs: readonly number[],
): Promise<Map<number, SourceAccount>> {
  const accounts = new Map<number, SourceAccount>();
  for (const log of logs) {
    const reader = await connection.runAndReadAll(
      `SELECT source, arg_max(account, entry) FROM meta.accounts_${log} GROUP BY source`,
    );
    for (const [source, text] of reader.getRowsJS())
      accounts.set(Number(source), accountFrom(text as string));
  }
  return accounts;
}

function accountText(account: SourceAccount): string {
  return JSON.stringify(account, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

function accountFrom(text: string): SourceAccount {
  const account = JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as SourceAccount;
  // What was stored before they were counted.
  return Object.assign({ unattributed: 0n }, account);
}
