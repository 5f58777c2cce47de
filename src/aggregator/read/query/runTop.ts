import { create } from '@bufbuild/protobuf';
import { ResultEndSchema, type TopRequest } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { StoreReader } from '../../store/readResult.ts';
import { RowLimit, rowLimit } from '../rowLimit.ts';
import { chunkMessages } from './chunkMessages.ts';
import { readerFilter } from './condition.ts';
import { resultHeader, type ResultMessage } from './runQuery.ts';
import { pointTables, storedPoint } from './storedPoint.ts';
import { topColumns, topQuery, topStatement } from './topStatement.ts';

/** @throws NotStoredError, ReaderError, FilterError, StoreError */
export async function* runTop(
  reader: StoreReader,
  request: TopRequest,
): AsyncGenerator<ResultMessage, void, undefined> {
  const { probe, since, until, filter, by, value } = request;
  const point = await storedPoint(reader, probe, request.point);
  const selection = { since, until, filter: readerFilter(filter, point.columns) };
  const query = topQuery(point.columns, selection, by, value);
  yield { case: 'header', value: resultHeader(point, topColumns(query)) };
  const most = rowLimit(request.limit, 10, 10_000);
  const limit = new RowLimit(most);
  const tables = await pointTables(reader, point, since);
  if (tables.length > 0) {
    const { chunks } = await reader.read(topStatement(query, tables, most + 1));
    for await (const chunk of chunks) {
      const passed = limit.pass(chunk);
      if (passed.rows > 0)
        for (const message of chunkMessages(passed)) yield { case: 'chunk', value: message };
    }
  }
  const { passed: rows, exceeded: truncated } = limit;
  yield { case: 'end', value: create(ResultEndSchema, { rows: BigInt(rows), truncated }) };
}
