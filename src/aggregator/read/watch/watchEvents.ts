import { create } from '@bufbuild/protobuf';
import type { Term } from '../../../probe/cel/term.ts';
import {
  GapSchema,
  WatchResponseSchema,
  type WatchRequest,
  type WatchResponse,
} from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { LiveBatch, LiveFeed } from '../../live.ts';
import type { ColumnType } from '../../../probe/plan.ts';
import type { ScopeColumn } from '../filter/storedScope.ts';
import { chunkMessages } from '../query/chunkMessages.ts';
import { readerFilter } from '../query/condition.ts';
import type { ResultWriter } from '../resultWriter.ts';
import { liveHeader, liveRows } from './liveRows.ts';
import { LiveQueue } from './liveQueue.ts';

export interface WatchOptions {
  feed: LiveFeed;
  /** Of batches that wait for this reader. */
  maxQueuedBytes: number;
}

/**
 * Writes events of a probe to a reader as they are committed, until the signal is aborted.
 *
 * @param counted told of rows that were written
 * @throws FilterError when the filter does not fit the columns of a point, now or later
 */
export async function watchEvents(
  { probe, point, filter }: WatchRequest,
  { feed, maxQueuedBytes }: WatchOptions,
  writer: ResultWriter<WatchResponse>,
  signal: AbortSignal,
  counted: (rows: number) => void,
): Promise<never> {
  const queue = new LiveQueue(maxQueuedBytes);
  using _subscription = feed.subscribe(probe, (batch) => {
    if (point === '' || batch.point.pointName === point) queue.push(batch);
  });
  const filters = new Map<string, Term[]>();
  let shown: string | undefined;
  for (;;) {
    const entry = await queue.next(signal);
    if ('missed' in entry) {
      const { events, from, until } = entry.missed;
      const range = { events: BigInt(events), from: ns(from), until: ns(until) };
      await write({ case: 'gap', value: create(GapSchema, { ...range, message: tooSlow(events) }) });
      continue;
    }
    const { batch } = entry;
    const shape = shapeOf(batch);
    let terms = filters.get(shape);
    if (terms === undefined) filters.set(shape, (terms = readerFilter(filter, filterColumns(batch))));
    const chunk = liveRows(batch, terms);
    if (chunk.rows === 0) continue;
    if (shown !== shape) await write({ case: 'header', value: liveHeader(batch.point) });
    shown = shape;
    for (const message of chunkMessages(chunk)) await write({ case: 'chunk', value: message });
    counted(chunk.rows);
    // Many batches may wait: others get their turn in between.
    await new Promise(setImmediate);
  }

  async function write(message: WatchResponse['message']): Promise<void> {
    await writer.write(create(WatchResponseSchema, { message }), signal);
  }
}

function shapeOf({ point }: LiveBatch): string {
  return `${point.probeUid}/${point.point}/${point.generation}`;
}

/** Columns that a filter may name. */
function filterColumns({ point }: LiveBatch): ScopeColumn[] {
  return point.columns
    .filter(({ visible }) => visible)
    .map(({ name, type, enumNames }) => ({ name, type: type as ColumnType, enumNames }));
}

function tooSlow(events: number): string {
  return `${events} events came faster than they were read: they are stored, and can be queried`;
}

function ns(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1_000_000n;
}
