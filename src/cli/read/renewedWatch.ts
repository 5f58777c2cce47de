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
  const overlap = new Overlap();
  const open = (metadata: Metadata): Call => {
    const stream = client.watch(request, metadata);
    const messages = (stream as AsyncIterable<WatchResponse>)[Symbol.asyncIterator]();
    const call = { stream, messages, authorization: authorizationOf(metadata) };
    calls.push(call);
    return call;
  };
  const end = (call: Call): void => {
    calls.splice(calls.indexOf(call), 1);
    overlap.end();
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
    overlap.begin();
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
        if (calls.length > 0) continue;
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
      else if (message.case === 'gap') yield message;
      else if (message.case === 'chunk' && call.header) {
        const { header } = call;
        const [older, newer] = calls;
        if (!overlap.wasTold(header, message.value, newer === undefined || call === newer)) {
          yield { case: 'chunk', header, value: message.value };
        } else if (older !== undefined && newer !== undefined) {
          // Whatever else the older one has, the newer one has too.
          end(older);
        }
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    for (const call of [...calls]) end(call);
  }
}

/** What one of two calls has told and the other has not yet: both tell the same batches in the same chunks. */
class Overlap {
  /** How often the older has told a chunk more than the newer. */
  readonly #ahead = new Map<string, number>();
  #goesOn = false;

  begin(): void {
    this.#ahead.clear();
    this.#goesOn = true;
  }

  /** Only the newer is left, which may still be behind. */
  end(): void {
    this.#goesOn = false;
  }

  wasTold({ probe, point, generation }: ResultHeader, chunk: ResultChunk, byNewer: boolean): boolean {
    if (!this.#goesOn && this.#ahead.size === 0) return false;
    const digest = hash('sha256', toBinary(ResultChunkSchema, chunk));
    const key = `${probe}/${point}/${generation}/${digest}`;
    const ahead = this.#ahead.get(key) ?? 0;
    const wasTold = byNewer ? ahead > 0 : ahead < 0;
    if (!this.#goesOn && !wasTold) return false;
    const now = ahead + (byNewer ? -1 : 1);
    if (now === 0) this.#ahead.delete(key);
    else this.#ahead.set(key, now);
    return wasTold;
  }
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
