import { hash } from 'node:crypto';
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { ClientReadableStream, Metadata } from '@grpc/grpc-js';
import {
  GapSchema,
  ResultChunkSchema,
  type Gap,
  type ResultChunk,
  type ResultHeader,
  type WatchRequestSchema,
  type WatchResponse,
} from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { isCancelled, isExpired } from './callError.ts';
import type { Events } from './events.ts';

export type Watched =
  { case: 'chunk'; header: ResultHeader; value: ResultChunk } | { case: 'gap'; value: Gap };

export interface RenewedWatchOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** Called when nothing passes unseen any more. */
  onWatching: () => void;
  /** Fresh credentials could not be had, which is tried again. */
  onError: (error: unknown) => void;
  /** How often it is looked whether there are fresh credentials, in milliseconds; they are there a minute before. */
  renewMs?: number;
}

/** A call of Watch, and the header that its next chunks have. */
interface Call {
  stream: ClientReadableStream<WatchResponse>;
  messages: AsyncIterator<WatchResponse>;
  next?: Promise<Outcome>;
  header?: ResultHeader;
  authorization: string;
}

type Outcome = { call: Call; error: unknown } | { call: Call; result: IteratorResult<WatchResponse> };

/**
 * Events of a probe for longer than a token lives: with fresh credentials a second call is begun before the aggregator
 * ends the first, and what both tell is told once. Where there were none in time, a gap says so.
 *
 * @throws ServiceError
 */
export async function* renewedWatch(
  { client, credentials }: Pick<Events, 'client' | 'credentials'>,
  request: MessageInitShape<typeof WatchRequestSchema>,
  { signal, onWatching, onError, renewMs = 15_000 }: RenewedWatchOptions,
): AsyncGenerator<Watched, void> {
  const calls: Call[] = [];
  let overlap = new Overlap();
  const open = (metadata: Metadata): Call => {
    const stream = client.watch(request, metadata);
    const messages = (stream as AsyncIterable<WatchResponse>)[Symbol.asyncIterator]();
    const call = { stream, messages, authorization: authorizationOf(metadata) };
    calls.push(call);
    return call;
  };
  const end = (call: Call): void => {
    calls.splice(calls.indexOf(call), 1);
    // Who stops reading has not ended the call, and an open call keeps the process alive.
    call.stream.on('error', () => undefined);
    call.stream.cancel();
  };
  const cancel = (): void => {
    for (const { stream } of calls) stream.cancel();
  };
  const renew = async (): Promise<void> => {
    const fresh = await credentials();
    const [call, second] = calls;
    if (call === undefined || second !== undefined || call.authorization === authorizationOf(fresh)) return;
    overlap = new Overlap();
    open(fresh);
  };
  using renewal = new Renewal(renewMs);
  signal.addEventListener('abort', cancel);
  try {
    open(await credentials()).stream.on('metadata', onWatching);
    if (signal.aborted) cancel();
    for (;;) {
      const outcome = await Promise.race([renewal.due, ...calls.map(nextOf)]);
      if (outcome === 'Due') {
        renewal.begin();
        await renew().catch(onError);
        continue;
      }
      const { call } = outcome;
      delete call.next;
      if ('error' in outcome) {
        const { error } = outcome;
        if (signal.aborted && isCancelled(error)) return;
        if (!isExpired(error)) throw error;
        end(call);
        if (calls.length > 0) {
          yield* overlap.released();
          continue;
        }
        const from = Date.now();
        const fresh = await credentials();
        if (authorizationOf(fresh) === call.authorization) throw error;
        await begun(open(fresh).stream);
        yield { case: 'gap', value: gapSince(from) };
        continue;
      }
      if (outcome.result.done === true) return;
      const { message } = outcome.result.value;
      if (message.case === 'header') call.header = message.value;
      const watched = watchedOf(message, call.header);
      if (watched === undefined) continue;
      const [older, newer] = calls;
      if (older === undefined || newer === undefined) {
        if (!overlap.wasTold(watched)) yield watched;
      } else if (call === newer) {
        if (overlap.hold(watched)) end(older);
      } else {
        yield watched;
        if (overlap.told(watched)) end(older);
      }
      if (calls.length === 1) yield* overlap.released();
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    for (const call of [...calls]) end(call);
  }
}

/**
 * What two calls tell, which is the same batches in the same chunks: that of the newer is held until one chunk came from
 * both. Then whatever else the older will tell the newer has too.
 */
class Overlap {
  /** By the older alone, so many times. */
  readonly #told = new Map<string, number>();
  /** By the newer alone. */
  #held: Watched[] = [];

  /** @returns whether it came from both */
  told(watched: Watched): boolean {
    const key = keyOf(watched);
    this.#told.set(key, (this.#told.get(key) ?? 0) + 1);
    return this.#held.some((held) => keyOf(held) === key);
  }

  /** @returns whether it came from both */
  hold(watched: Watched): boolean {
    this.#held.push(watched);
    return this.#told.has(keyOf(watched));
  }

  /** What was held and the older did not tell. */
  *released(): Generator<Watched> {
    const held = this.#held;
    this.#held = [];
    for (const each of held) if (!this.wasTold(each)) yield each;
  }

  /** Whether the older told this; once for each time that it did. */
  wasTold(watched: Watched): boolean {
    if (this.#told.size === 0) return false;
    const key = keyOf(watched);
    const times = this.#told.get(key) ?? 0;
    if (times > 1) this.#told.set(key, times - 1);
    else this.#told.delete(key);
    return times > 0;
  }
}

function keyOf(watched: Watched): string {
  if (watched.case === 'gap') return hash('sha256', toBinary(GapSchema, watched.value));
  const { probe, point, generation } = watched.header;
  const digest = hash('sha256', toBinary(ResultChunkSchema, watched.value));
  return `${probe}/${point}/${generation}/${digest}`;
}

function watchedOf(message: WatchResponse['message'], header: ResultHeader | undefined): Watched | undefined {
  if (message.case === 'gap') return message;
  return message.case === 'chunk' && header ? { case: 'chunk', header, value: message.value } : undefined;
}

/** When it is to be looked for fresh credentials. */
class Renewal implements Disposable {
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  due: Promise<'Due'>;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
    this.due = this.#wait();
  }

  begin(): void {
    this.due = this.#wait();
  }

  #wait(): Promise<'Due'> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        resolve('Due');
      }, this.#everyMs).unref();
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

function nextOf(call: Call): Promise<Outcome> {
  call.next ??= call.messages.next().then(
    (result) => ({ call, result }),
    (error: unknown) => ({ call, error }),
  );
  return call.next;
}

/** Nothing passes a call unseen any more, or it has failed. */
function begun(stream: Call['stream']): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['metadata', 'error', 'end']) {
      stream.once(event, () => {
        resolve();
      });
    }
  });
}

function gapSince(from: number): Gap {
  const message =
    'the token had expired before there was a fresh one: events of meanwhile are stored, and can be queried';
  return create(GapSchema, {
    from: BigInt(from) * 1_000_000n,
    until: BigInt(Date.now()) * 1_000_000n,
    message,
  });
}

function authorizationOf(metadata: Metadata): string {
  return metadata.get('authorization').join();
}
