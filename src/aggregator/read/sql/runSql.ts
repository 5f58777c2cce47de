import { create } from '@bufbuild/protobuf';
import {
  ResultEndSchema,
  ResultHeaderSchema,
  type SqlRequest,
} from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { StoreReader } from '../../store/readResult.ts';
import { chunkMessages } from '../query/chunkMessages.ts';
import type { ResultMessage } from '../query/runQuery.ts';
import type { ReadCall } from '../readCall.ts';
import { RowLimit, rowLimit } from '../rowLimit.ts';
import { prepareSql, type PreparedSql } from './prepareSql.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';

const usualLimit = 100_000;
const mostLimit = 1_000_000;

/** @throws SqlRefusedError, StoreError; RefusedError for who may read no probe at all */
export async function* runSql(
  reader: StoreReader,
  request: SqlRequest,
  call: ReadCall,
): AsyncGenerator<ResultMessage, void, undefined> {
  const { sql } = await prepare(reader, request.sql, call);
  const { columns, chunks } = await reader.read(sql);
  const header = columns.map(({ name, type }) => ({ name, type }));
  yield { case: 'header', value: create(ResultHeaderSchema, { columns: header }) };
  const limit = new RowLimit(rowLimit(request.limit, usualLimit, mostLimit));
  for await (const chunk of chunks) {
    const passed = limit.pass(chunk);
    if (passed.rows > 0) for (const message of chunkMessages(passed)) yield { case: 'chunk', value: message };
    if (limit.exceeded) break;
  }
  const { passed: rows, exceeded: truncated } = limit;
  yield { case: 'end', value: create(ResultEndSchema, { rows: BigInt(rows), truncated }) };
}

/** Which probes a statement reads is asked of it first, so that RBAC is asked for those alone. */
async function prepare(reader: StoreReader, sql: string, call: ReadCall): Promise<PreparedSql> {
  const views = await reader.rows('SELECT view_name, probe_name FROM meta.views ORDER BY view_name');
  const probeOf = new Map(views.map((row) => [String(row['view_name']), String(row['probe_name'])]));
  const serialize = async (text: string): Promise<string> => {
    const [row] = await reader.rows('SELECT json_serialize_sql($1::VARCHAR) AS tree', [text]);
    return String(row?.['tree']);
  };
  let prepared: PreparedSql | undefined;
  try {
    prepared = await prepareSql(sql, [...probeOf.keys()], serialize);
  } catch (error) {
    if (!(error instanceof SqlRefusedError)) throw error;
  }
  if (prepared !== undefined) {
    const asked = [...new Set([...prepared.tables].map((table) => probeOf.get(table) ?? ''))];
    for (const probe of asked) call.probes.add(probe);
    // Who may read nothing has nothing computed either.
    if (asked.length === 0) await call.readsAny([...new Set(probeOf.values())]);
    if ((await call.readable(asked)).length === asked.length) return prepared;
  }
  await call.readsAny([...new Set(probeOf.values())]);
  // Refused, in words that name no probe that this reader may not read.
  const readable = new Set(await call.readable([...new Set(probeOf.values())]));
  const tables = [...probeOf].filter(([, probe]) => readable.has(probe)).map(([table]) => table);
  return prepareSql(sql, tables, serialize);
}
