import { create } from '@bufbuild/protobuf';
import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  ShipResponseSchema,
  type Frame,
  type ShipRequest,
  type ShipResponse,
} from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import {
  bearerToken,
  RefusedError,
  type AgentAuthenticator,
  type AgentIdentity,
} from '../../rpc/identity.ts';
import type { LiveFeed } from '../live.ts';
import { FrameError } from '../store/frame.ts';
import type { Store } from '../store/store.ts';
import type { IngestBudget } from './ingestBudget.ts';
import { NodeFrames } from './nodeFrames.ts';

/** What a stream needs. */
export interface ShipContext {
  store: Store;
  authenticator: AgentAuthenticator;
  budget: IngestBudget;
  live: LiveFeed;
  /** A frame was refused for what is in it. */
  onMalformed(node: string, message: string): void;
  /** Its agent is known. */
  onOpen(stream: ShipStream): void;
  /** It may be one that was never open: refused as it was made. */
  onClose(stream: ShipStream): void;
}

/** Agents show a fresh token every four minutes. */
const freshTokenMs = 6 * 60_000;

/** Held back by an agent between frames, in ms, while the store cannot write. */
const pauseMs = 1000;

/** One agent's stream: frames up, acks down, each after its commit and in order. */
export class ShipStream {
  readonly #call: ServerDuplexStream<ShipRequest, ShipResponse>;
  readonly #context: ShipContext;
  readonly #frames: NodeFrames;
  #identity: AgentIdentity | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** Frames that are not acked yet, in the order they came. */
  readonly #unacked: { sequence: bigint; done: boolean; refusal: string | undefined }[] = [];
  #bytes = 0;
  #reading: Promise<void>;
  #waiting: ShipRequest[] = [];
  #ended = false;
  #closed = false;

  /** @param id of the stream, in the store */
  constructor(call: ServerDuplexStream<ShipRequest, ShipResponse>, id: number, context: ShipContext) {
    this.#call = call;
    this.#context = context;
    this.#frames = new NodeFrames(context.store, context.live, id);
    call.on('error', () => {
      this.close();
    });
    call.on('cancelled', () => {
      this.close();
    });
    call.on('data', (request: ShipRequest) => {
      this.#waiting.push(request);
      if (this.#identity) this.#takeWaiting();
    });
    call.on('end', () => {
      this.#ended = true;
      this.#endWhenDone();
    });
    // Nothing is read of who has not said who it is.
    call.pause();
    this.#reading = this.#authenticate(() => bearerToken(call.metadata)).then(() => {
      this.#takeWaiting();
      this.resume();
    });
  }

  /** Whose it is; undefined: nobody knows yet. */
  get agent(): AgentIdentity | undefined {
    return this.#identity;
  }

  /** Whether as much of it is not committed as one stream may have. */
  #isFull(): boolean {
    return this.#bytes > this.#context.budget.perStream;
  }

  /** Says whether the store takes anything. */
  tell(message: string | undefined): void {
    if (this.#closed || this.#identity === undefined) return;
    this.#write({ pauseMs: message === undefined ? 0 : pauseMs, message: message ?? '' });
  }

  /** Reads on, if this stream and all together have room. */
  resume(): void {
    if (this.#closed) return;
    if (this.#isFull() || this.#context.budget.isFull()) this.#context.budget.wait(this);
    else this.#call.resume();
  }

  /** Ends it, with what was not acked left to be sent again. */
  refuse(code: status, details: string): void {
    if (this.#closed) return;
    this.close();
    this.#call.emit('error', { code, details });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#waiting = [];
    this.#context.budget.remove(this);
    this.#context.onClose(this);
    void this.#frames.close().catch(() => undefined);
  }

  async #authenticate(token: () => string): Promise<void> {
    try {
      const identity = await this.#context.authenticator.authenticate(token());
      if (
        this.#identity &&
        (identity.nodeUid !== this.#identity.nodeUid || identity.podUid !== this.#identity.podUid)
      ) {
        throw new RefusedError(
          'unauthenticated',
          'the fresh token is of another node or pod than the stream',
        );
      }
      if (this.#closed) return;
      const isFirst = this.#identity === undefined;
      this.#identity = identity;
      if (isFirst) this.#context.onOpen(this);
      clearTimeout(this.#expiry);
      const left = Math.min(identity.expires.getTime() - Date.now(), freshTokenMs);
      this.#expiry = setTimeout(
        () => {
          this.refuse(status.UNAUTHENTICATED, 'the token has expired, and no fresh one came');
        },
        Math.max(left, 0),
      ).unref();
    } catch (error) {
      // While nobody can review a fresh token, the one before goes on counting.
      if (this.#identity && error instanceof RefusedError && error.refusal === 'unavailable') return;
      const { code, details } =
        error instanceof RefusedError ? error : { code: status.UNAVAILABLE, details: messageOf(error) };
      this.refuse(code, details);
    }
  }

  #takeWaiting(): void {
    const requests = this.#waiting;
    this.#waiting = [];
    for (const { message } of requests) {
      if (this.#closed) return;
      if (message.case === 'frame') this.#take(message.value);
      else if (message.case === 'token') this.#reading = this.#authenticate(() => message.value);
    }
    this.#endWhenDone();
  }

  #take(frame: Frame): void {
    const identity = this.#identity;
    if (identity === undefined) return;
    const bytes = frame.batches.reduce((sum, batch) => sum + batch.length, 1024);
    const entry = { sequence: frame.sequence, done: false, refusal: undefined as string | undefined };
    this.#unacked.push(entry);
    this.#bytes += bytes;
    this.#context.budget.add(bytes);
    if (this.#isFull() || this.#context.budget.isFull()) {
      this.#call.pause();
      this.#context.budget.wait(this);
    }
    this.#frames
      .add(frame, identity)
      .then(() => {
        entry.done = true;
        this.#ack();
      })
      .catch((error: unknown) => {
        if (error instanceof FrameError) {
          this.#context.onMalformed(identity.nodeName, error.message);
          entry.refusal = `frame ${frame.sequence}: ${error.message}`;
          this.#ack();
        } else {
          this.refuse(status.UNAVAILABLE, messageOf(error));
        }
      })
      .finally(() => {
        this.#bytes -= bytes;
        this.#context.budget.release(bytes);
        this.resume();
      });
  }

  /** Acks what is committed up to the first frame that is not; refuses that one when its turn has come. */
  #ack(): void {
    let acked: bigint | undefined;
    while (this.#unacked[0]?.done) acked = this.#unacked.shift()?.sequence;
    if (acked !== undefined && !this.#closed) this.#write({ acked });
    const refusal = this.#unacked[0]?.refusal;
    // The agent takes the first frame without an ack for the one that was refused.
    if (refusal !== undefined) this.refuse(status.INVALID_ARGUMENT, refusal);
    this.#endWhenDone();
  }

  #write(response: { acked?: bigint; pauseMs?: number; message?: string }): void {
    this.#call.write(create(ShipResponseSchema, response));
  }

  #endWhenDone(): void {
    if (!this.#ended || this.#closed || this.#unacked.length > 0 || this.#waiting.length > 0) return;
    void this.#reading.then(() => {
      if (this.#closed || this.#unacked.length > 0 || this.#waiting.length > 0) return;
      this.close();
      this.#call.end();
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
