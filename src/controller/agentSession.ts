import { create } from '@bufbuild/protobuf';
import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  ConnectResponseSchema,
  type ConnectRequest,
  type ConnectResponse,
  type Hello,
} from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { RefusedError, type AgentAuthenticator, type AgentIdentity } from '../rpc/identity.ts';
import type { Clock } from '../kubernetes/clock.ts';
import { checkReport, type CheckedReport } from './checkReport.ts';
import type { DesiredSource } from './desiredSource.ts';
import { NodeFeed } from './nodeFeed.ts';

export type AgentStream = ServerDuplexStream<ConnectRequest, ConnectResponse>;

export interface AgentSessionOptions {
  stream: AgentStream;
  identity: AgentIdentity;
  authenticator: AgentAuthenticator;
  source: DesiredSource;
  clock: Clock;
  /** The agent has introduced itself. */
  onHello: (session: AgentSession, hello: Hello) => void;
  onReport: (session: AgentSession, report: CheckedReport) => void;
  /** What was changed so many milliseconds ago has been answered. */
  onAnswered: (milliseconds: number) => void;
  /** The stream is over, for whatever reason. */
  onEnd: (session: AgentSession, why: string) => void;
}

/** A hello must come within so many milliseconds. */
const helloMs = 10_000;
/** A fresh token must come at least so often: every five minutes, and a minute for the way. */
const freshTokenMs = 6 * 60_000;
/** Messages a second that are looked at; an agent sends a few. */
const messagesPerSecond = 100;
/** Messages whose answer is waited for. */
const maxUnanswered = 64;

/** One agent's stream, from its authentication on. At most one message is on its way to the agent. */
export class AgentSession {
  readonly identity: AgentIdentity;
  readonly #options: AgentSessionOptions;
  readonly #stream: AgentStream;
  readonly #feed: NodeFeed;
  #hello: Hello | undefined;
  #sending = false;
  #wanted = false;
  #ended = false;
  /** Since when something waits to be told. */
  #changedAt: number | undefined;
  readonly #unanswered: { revision: bigint; changedAt: number }[] = [];
  #messages = 0;
  readonly #second: NodeJS.Timeout;
  #expiry: (() => void) | undefined;
  readonly #cancelHello: () => void;

  constructor(options: AgentSessionOptions) {
    const { stream, identity, clock } = options;
    this.#options = options;
    this.#stream = stream;
    this.identity = identity;
    this.#feed = new NodeFeed(identity.nodeName, options.source);
    this.#cancelHello = clock.after(helloMs, () => {
      this.close(status.DEADLINE_EXCEEDED, `no hello came within ${helloMs / 1000} s`);
    });
    this.#second = setInterval(() => {
      this.#messages = 0;
      if (stream.isPaused()) stream.resume();
    }, 1000).unref();
    this.#limitLife(identity.expires);
    stream.on('data', (request: ConnectRequest) => {
      this.#take(request);
    });
    stream.on('end', () => {
      this.#end('the agent ended it');
      stream.end();
    });
    stream.on('cancelled', () => {
      this.#end('the connection is gone');
    });
    stream.on('error', (error) => {
      this.#end(error.message);
    });
  }

  probeChanged(uid: string): void {
    this.#feed.probeChanged(uid);
    this.#changed();
  }

  probesChanged(): void {
    this.#feed.probesChanged();
    this.#changed();
  }

  podChanged(uid: string): void {
    this.#feed.podChanged(uid);
    this.#changed();
  }

  /** Sends what has changed, unless a message is still on its way. */
  flush(): void {
    if (this.#sending || this.#ended || this.#hello === undefined || !this.#wanted) return;
    this.#wanted = false;
    const state = this.#feed.next();
    if (state === undefined) {
      this.#changedAt = undefined;
      return;
    }
    if (this.#unanswered.length < maxUnanswered && this.#changedAt !== undefined) {
      this.#unanswered.push({ revision: state.revision, changedAt: this.#changedAt });
    }
    this.#changedAt = undefined;
    this.#sending = true;
    this.#stream.write(create(ConnectResponseSchema, { message: { case: 'desired', value: state } }), () => {
      this.#sending = false;
      this.flush();
    });
  }

  /** Sends the agent to whoever leads; '': nobody does now. */
  redirect(leader: string): void {
    if (this.#ended) return;
    this.#end('another replica leads');
    this.#stream.write(create(ConnectResponseSchema, { message: { case: 'redirect', value: { leader } } }));
    this.#stream.end();
  }

  close(code: status, why: string): void {
    if (this.#ended) return;
    this.#end(why);
    this.#stream.emit('error', { code, details: why });
  }

  #changed(): void {
    this.#wanted = true;
    this.#changedAt ??= this.#options.clock.now();
  }

  #take({ message }: ConnectRequest): void {
    if (this.#ended) return;
    this.#messages++;
    if (this.#messages >= messagesPerSecond) this.#stream.pause();
    if (message.case === 'hello' && this.#hello === undefined) {
      this.#cancelHello();
      this.#hello = message.value;
      this.#options.onHello(this, message.value);
      this.#wanted = true;
      this.flush();
    } else if (message.case === 'token') {
      void this.#renew(message.value);
    } else if (message.case === 'report' && this.#hello !== undefined) {
      try {
        const report = checkReport(message.value);
        this.#answered(report.revision);
        this.#options.onReport(this, report);
      } catch (error) {
        this.close(status.INVALID_ARGUMENT, `the report makes no sense: ${(error as Error).message}`);
      }
    } else {
      const what = message.case ?? 'a message of no known kind';
      const when = this.#hello === undefined ? 'before the hello' : 'after the hello';
      this.close(status.INVALID_ARGUMENT, `${what} came ${when}`);
    }
  }

  #answered(revision: bigint): void {
    const now = this.#options.clock.now();
    while (this.#unanswered[0] !== undefined && this.#unanswered[0].revision <= revision) {
      const first = this.#unanswered.shift();
      if (first) this.#options.onAnswered(now - first.changedAt);
    }
  }

  /** A fresh token of the same agent prolongs the stream; while nobody can review it the old one goes on counting. */
  async #renew(token: string): Promise<void> {
    try {
      const fresh = await this.#options.authenticator.authenticate(token);
      const { nodeUid, nodeName, podUid } = this.identity;
      if (fresh.nodeUid !== nodeUid || fresh.nodeName !== nodeName || fresh.podUid !== podUid) {
        throw new RefusedError('unauthenticated', 'the fresh token is that of another agent');
      }
      if (!this.#ended) this.#limitLife(fresh.expires);
    } catch (error) {
      if (error instanceof RefusedError && error.refusal !== 'unavailable')
        this.close(error.code, error.details);
    }
  }

  /** The stream ends when its token expires, or no fresh one has come for long. */
  #limitLife(expires: Date): void {
    this.#expiry?.();
    const milliseconds = Math.min(freshTokenMs, expires.getTime() - Date.now());
    this.#expiry = this.#options.clock.after(Math.max(0, milliseconds), () => {
      this.close(status.UNAUTHENTICATED, 'the token has expired and no fresh one came');
    });
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#second);
    this.#cancelHello();
    this.#expiry?.();
    this.#options.onEnd(this, why);
  }
}
