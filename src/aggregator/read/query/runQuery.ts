import { create } from '@bufbuild/protobuf';
import {
  ResultEndSchema,
  ResultHeaderSchema,
  type QueryRequest,
  type ResultChunk,
  type ResultEnd,
  type ResultHeader,
} from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { ReadChunk, StoreReader } from '../../store/readResult.ts';
import { RowLimit, rowLimit } from '../rowLimit.ts';
import { chunkMessages } from './chunkMessages.ts';
import { readerFilter } from './condition.ts';
import { decodePage, encodePage, fingerprint, type PageEnd } from './pageToken.ts';
import { eventQuery, queryStatement, type EventQuery } from './queryStatement.ts';
import type { ReadableColumn } from './readableColumns.ts';
import { pointTables, storedPoint, type StoredPoint } from './storedPoint.ts';
import { valueText } from './valueText.ts';

/** What goes to a reader, in order: a header, chunks, an end. */
export type ResultMessage =
  | { case: 'header'; value: ResultHeader }
  | { case: 'chunk'; value: ResultChunk }
  | { case: 'end'; value: ResultEnd };

const usualLimit = 10_000;
const mostLimit = 1_000_000;

/** @throws NotStoredError, ReaderError, FilterError, StoreError */
export async function* runQuery(
  reader: StoreReader,
  request: QueryRequest,
): AsyncGenerator<ResultMessage, void, undefined> {
  const { probe, since, until, filter, columns, order, page } = request;
  const point = await storedPoint(reader, probe, request.point);
  const selection = { since, until, filter: readerFilter(filter, point.columns) };
  const query = eventQuery(point.columns, selection, columns, order);
  const name = fingerprint([point.probeUid, point.point, since, until, filter, columns, order]);
  const after = page === '' ? undefined : decodePage(page, name, query.order.length);
  yield { case: 'header', value: resultHeader(point, query.columns) };
  const limit = new RowLimit(rowLimit(request.limit, usualLimit, mostLimit));
  const tables = await pointTables(reader, point, since);
  let last: PageEnd | undefined;
  if (tables.length > 0) {
    const most = rowLimit(request.limit, usualLimit, mostLimit) + 1;
    const { chunks } = await reader.read(queryStatement(query, tables, most, after));
    for await (const chunk of chunks) {
      const passed = limit.pass(chunk);
      if (passed.rows > 0) {
        last = endOf(passed, query);
        const shown = { rows: passed.rows, columns: passed.columns.slice(0, query.columns.length) };
        for (const message of chunkMessages(shown)) yield { case: 'chunk', value: message };
      }
    }
  }
  const { passed: rows, exceeded: truncated } = limit;
  const nextPage = truncated && last ? encodePage(name, last) : '';
  yield { case: 'end', value: create(ResultEndSchema, { rows: BigInt(rows), truncated, nextPage }) };
}

/** What a result of a point's columns is called. */
export function resultHeader(
  { probeName, name, generation }: StoredPoint,
  columns: readonly Pick<ReadableColumn, 'name' | 'type' | 'enumNames'>[],
): ResultHeader {
  return create(ResultHeaderSchema, {
    columns: columns.map(({ name: column, type, enumNames = {} }) => ({ name: column, type, enumNames })),
    probe: probeName,
    point: name,
    generation,
  });
}

/** The keys of the last row of a chunk. */
function endOf({ rows, columns }: ReadChunk, query: EventQuery): PageEnd {
  const keys = columns.slice(query.columns.length);
  const text = (index: number, type: string): string | null => {
    const values = keys[index];
    return values === undefined ? null : valueText(values, type, rows - 1);
  };
  const count = query.order.length;
  return {
    keys: query.order.map(({ column }, index) => text(index, column.type)),
    source: BigInt(text(count, 'Uint64') ?? 0),
    sequence: BigInt(text(count + 1, 'Uint64') ?? 0),
  };
}
