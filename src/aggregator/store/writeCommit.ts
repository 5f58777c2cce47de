import type { DuckDBConnection } from '@duckdb/node-api';
import { appendRows, fixedColumn, textColumn } from './appendRows.ts';
import { appendAccounts, appendProgress, type ProgressEntry } from './logs.ts';
import type { SourceAccount } from './sources.ts';
import type { SourceState } from './sources.ts';
import type { PendingCommit } from './pendingCommit.ts';
import type { Gap } from './watermark.ts';

/** A commit as it is written, again and again if need be: it does not change any more. */
export interface SealedCommit {
  number: bigint;
  log: number;
  statements: readonly string[];
  pending: PendingCommit;
  progress: readonly ProgressEntry[];
  accounts: readonly { id: number; account: SourceAccount }[];
  gaps: readonly { id: number; gaps: readonly Gap[] }[];
}

/**
 * Writes everything in one transaction. When it throws, nothing of it is in the store, unless the disk failed in the
 * middle of the commit itself: then lastCommit() says.
 */
export async function writeCommit(writer: DuckDBConnection, commit: SealedCommit): Promise<void> {
  await writer.run('BEGIN TRANSACTION');
  try {
    for (const statement of commit.statements) await writer.run(statement);
    await appendSources(writer, commit.pending.newSources);
    const { strings, workloads, tables } = commit.pending;
    for (const { table, firstCode, values } of strings) {
      const codes = Uint32Array.from(values, (_, index) => firstCode + index);
      await appendRows(
        writer,
        'data',
        table,
        [fixedColumn('UINTEGER', codes), textColumn(values)],
        values.length,
      );
    }
    for (const { table, firstCode, values } of workloads) {
      const codes = Uint32Array.from(values, (_, index) => firstCode + index);
      const texts = (['namespace', 'pod', 'container', 'podUid'] as const).map((name) =>
        textColumn(values.map((workload) => workload[name])),
      );
      await appendRows(writer, 'data', table, [fixedColumn('UINTEGER', codes), ...texts], values.length);
    }
    for (const [table, buffer] of tables)
      await appendRows(writer, 'data', table, buffer.columns, buffer.rows);
    await saveGaps(writer, commit.gaps);
    await appendAccounts(writer, commit.log, commit.accounts, commit.number);
    await appendProgress(writer, commit.log, commit.progress, commit.number);
    await writer.run('COMMIT');
  } catch (error) {
    // A transaction that a fatal error has ended cannot be rolled back.
    await writer.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function appendSources(writer: DuckDBConnection, sources: readonly SourceState[]): Promise<void> {
  const columns = [
    fixedColumn('UINTEGER', Uint32Array.from(sources.map(({ id }) => id))),
    ...(['nodeUid', 'node', 'epoch', 'probeUid'] as const).map((name) =>
      textColumn(sources.map((source) => source[name])),
    ),
  ];
  await appendRows(writer, 'meta', 'sources', columns, sources.length);
}

async function saveGaps(
  writer: DuckDBConnection,
  changed: readonly { id: number; gaps: readonly Gap[] }[],
): Promise<void> {
  if (changed.length === 0) return;
  await writer.run(`DELETE FROM meta.gaps WHERE source IN (${changed.map(({ id }) => id).join(', ')})`);
  const values = changed.flatMap(({ id, gaps }) =>
    gaps.map(({ first, last, seen }) => `(${id}, ${first}, ${last}, epoch_ms(${Math.floor(seen)}::BIGINT))`),
  );
  if (values.length > 0) await writer.run(`INSERT INTO meta.gaps VALUES ${values.join(', ')}`);
}
