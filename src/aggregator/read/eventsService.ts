import { create } from '@bufbuild/protobuf';
import { Metadata, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { RefusedError } from '../../rpc/identity.ts';
import type { Handlers } from '../../rpc/serve.ts';
import {
  QueryResponseSchema,
  SqlResponseSchema,
  TopResponseSchema,
  type EventsService,
} from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { LiveFeed } from '../live.ts';
import type { StoreReader } from '../store/readResult.ts';
import { listNodes } from './list/listNodes.ts';
import { listProbes } from './list/listProbes.ts';
import { sumLoss } from './list/sumLoss.ts';
import { readerFilter } from './query/condition.ts';
import { runQuery, type ResultMessage } from './query/runQuery.ts';
import { runTop } from './query/runTop.ts';
import { nothingStored, storedPoints, type StoredPoint } from './query/storedPoint.ts';
import { usableMemory } from './memoryGuard.ts';
import { QueryQueue } from './queryQueue.ts';
import { guarded, type CallGuard, type CallInfo, type ReadCall } from './readCall.ts';
import type { ReadStore } from './readStore.ts';
import { ResultWriter } from './resultWriter.ts';
import { withReader } from './runStatement.ts';
import { runSql } from './sql/runSql.ts';
import { watchEvents } from './watch/watchEvents.ts';

export interface EventsServiceOptions extends CallGuard {
  store: ReadStore;
  feed: LiveFeed;
  limits?: Partial<ReadLimits>;
}

export interface ReadLimits {
  /** Statements that run at once, and that wait for their turn. */
  running: number;
  waiting: number;
  /** Of a statement, until its last row was taken. */
  timeoutMs: number;
  /** Of the whole process, for queries to be stopped: see MemoryGuard. */
  memoryBytes: number;
  /** Of batches that wait for one reader who watches. */
  watchBytes: number;
  /** A reader who watches is asked again whether it may. */
  reviewMs: number;
}

const usual: Omit<ReadLimits, 'memoryBytes'> = {
  running: 2,
  waiting: 32,
  timeoutMs: 60_000,
  watchBytes: 8 << 20,
  reviewMs: 60_000,
};

type Stream<Request, Response> = ServerWritableStream<Request, Response>;

/** EventsService of read.proto. */
export function eventsService(options: EventsServiceOptions): Handlers<typeof EventsService> {
  const limits = { ...usual, memoryBytes: usableMemory(), ...options.limits };
  const statement = {
    queue: new QueryQueue(limits.running, limits.waiting),
    store: options.store,
    timeoutMs: limits.timeoutMs,
    memoryBytes: limits.memoryBytes,
  };
  const never = new AbortController().signal;

  /** A call whose result is a header, chunks and an end. */
  function results<Request extends object, Response>(
    info: (request: Request) => Pick<CallInfo, 'call' | 'detail' | 'probes'>,
    run: (reader: StoreReader, request: Request, call: ReadCall) => AsyncIterable<ResultMessage>,
    wrap: (message: ResultMessage) => Response,
  ): (call: Stream<Request, Response>) => void {
    return (stream) => {
      const writer = new ResultWriter(stream);
      const about = { ...info(stream.request), metadata: stream.metadata, peer: stream.getPeer() };
      streamed(stream, about, async (call) => {
        for (const probe of about.probes) await call.read(probe);
        await withReader(statement, writer.gone, async (reader, signal) => {
          for await (const message of run(reader, stream.request, call)) {
            if (message.case === 'chunk') call.rows += message.value.rows;
            await writer.write(wrap(message), signal);
          }
        });
      });
    };
  }

  function streamed<Request, Response>(
    stream: Stream<Request, Response>,
    info: CallInfo,
    action: (call: ReadCall) => Promise<void>,
  ): void {
    guarded(info, options, action).then(
      () => {
        stream.end();
      },
      (error: unknown) => {
        stream.emit('error', error);
      },
    );
  }

  function answered<Request, Response>(
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
    info: Pick<CallInfo, 'call' | 'probes'>,
    action: (read: ReadCall) => Promise<Response>,
  ): void {
    const about = { ...info, detail: '', metadata: call.metadata, peer: call.getPeer() };
    guarded(about, options, action).then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
  }

  /** Points of one probe, or of all that the reader may read. */
  async function pointsFor(reader: StoreReader, probe: string, read: ReadCall): Promise<StoredPoint[]> {
    if (probe !== '') {
      await read.read(probe);
      const points = await storedPoints(reader, probe);
      if (points.length === 0) throw nothingStored(probe);
      return points;
    }
    const points = await storedPoints(reader);
    const readable = new Set(await read.readable([...new Set(points.map(({ probeName }) => probeName))]));
    for (const name of readable) read.probes.add(name);
    return points.filter(({ probeName }) => readable.has(probeName));
  }

  return {
    watch(stream) {
      const writer = new ResultWriter(stream);
      const { probe, point, filter } = stream.request;
      const info = { call: 'Watch', probes: [probe], detail: filter };
      streamed(stream, { ...info, metadata: stream.metadata, peer: stream.getPeer() }, async (call) => {
        await call.read(probe);
        const points = await withReader(statement, writer.gone, (reader) => storedPoints(reader, probe));
        const watched = points.filter(({ name }) => point === '' || name === point);
        // A filter that does not fit what there is already is refused at once.
        for (const { columns } of watched) readerFilter(filter, columns);
        using allowed = whileAllowed(call, probe, limits.reviewMs);
        const signal = AbortSignal.any([writer.gone, allowed.signal]);
        // Tells the reader that from now on nothing passes unseen.
        stream.sendMetadata(new Metadata());
        const watching = { feed: options.feed, maxQueuedBytes: limits.watchBytes };
        await watchEvents(stream.request, watching, writer, signal, (rows) => {
          call.rows += rows;
        });
      });
    },
    query: results(
      ({ probe, filter, order }) => ({
        call: 'Query',
        probes: [probe],
        detail: [filter, ...order.map((key) => `order ${key}`)].filter((text) => text !== '').join('; '),
      }),
      runQuery,
      (message) => create(QueryResponseSchema, { message }),
    ),
    top: results(
      ({ probe, filter, by }) => ({
        call: 'Top',
        probes: [probe],
        detail: [filter, `by ${by.join(', ')}`].filter((text) => text !== '').join('; '),
      }),
      runTop,
      (message) => create(TopResponseSchema, { message }),
    ),
    sql: results(
      ({ sql }) => ({ call: 'Sql', probes: [], detail: sql }),
      runSql,
      (message) => create(SqlResponseSchema, { message }),
    ),
    loss(call, callback) {
      const { probe } = call.request;
      answered(call, callback, { call: 'Loss', probes: probe === '' ? [] : [probe] }, async (read) => {
        const points = await withReader(statement, never, (reader) => pointsFor(reader, probe, read));
        const names = new Map(points.map(({ probeUid, probeName }) => [probeUid, probeName]));
        const response = sumLoss(await options.store.loss(), names);
        read.rows = response.losses.length;
        return response;
      });
    },
    nodes(call, callback) {
      answered(call, callback, { call: 'Nodes', probes: [] }, async (read) => {
        const response = await withReader(statement, never, async (reader) =>
          listNodes(reader, await pointsFor(reader, '', read)),
        );
        read.rows = response.nodes.length;
        return response;
      });
    },
    probes(call, callback) {
      const { probe } = call.request;
      answered(call, callback, { call: 'Probes', probes: probe === '' ? [] : [probe] }, async (read) => {
        const response = await withReader(statement, never, async (reader) =>
          listProbes(reader, await pointsFor(reader, probe, read)),
        );
        read.rows = response.probes.length;
        return response;
      });
    },
  };
}

/** Aborted when the reader's token expires, or when it is found that it may not read the probe any more. */
function whileAllowed(call: ReadCall, probe: string, reviewMs: number): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const review = setInterval(() => {
    if (call.reader.expires.getTime() <= Date.now()) {
      const message = 'the token has expired: go on with a fresh one';
      controller.abort(new RefusedError('unauthenticated', message));
      return;
    }
    call.read(probe).catch((error: unknown) => {
      // That nobody can be asked just now takes no right away from who has it.
      if (error instanceof RefusedError && error.refusal === 'forbidden') controller.abort(error);
    });
  }, reviewMs).unref();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearInterval(review);
    },
  };
}
