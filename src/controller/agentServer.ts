import { create } from '@bufbuild/protobuf';
import { status, type Server } from '@grpc/grpc-js';
import type { Clock } from '../kubernetes/clock.ts';
import { AgentService, ConnectResponseSchema, type Hello } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { bearerToken, RefusedError, type AgentAuthenticator, type AgentIdentity } from '../rpc/identity.ts';
import { serve } from '../rpc/serve.ts';
import { AgentSession, type AgentStream } from './agentSession.ts';
import type { CheckedReport } from './checkReport.ts';
import type { DesiredSource } from './desiredSource.ts';

/** Who leads: this replica, or where to go instead ('' when nobody does). */
export type Leadership = { leads: true } | { leads: false; leader: string };

export interface AgentServerOptions {
  authenticator: AgentAuthenticator;
  source: DesiredSource;
  clock: Clock;
  /** Resolves once what the API server has is known. */
  synced: Promise<unknown>;
  leadership: () => Leadership;
  /** Why an agent with a good token is turned away all the same, such as that its pod is gone. */
  objection: (identity: AgentIdentity) => string | undefined;
  onHello: (session: AgentSession, hello: Hello) => void;
  onReport: (session: AgentSession, report: CheckedReport) => void;
  onAnswered: (milliseconds: number) => void;
  /** A node has no stream any more; not told when a newer stream has taken its place. */
  onGone: (identity: AgentIdentity, why: string) => void;
  /** @param peer address and port of who was refused */
  onRefused: (error: RefusedError, peer: string) => void;
}

/** Callers whose token is being looked at; more are told to come again. */
const maxAuthenticating = 256;
/** How long one turn of the event loop may go on telling agents, in milliseconds. */
const turnMs = 10;

/** The streams of all agents: one a node. */
export class AgentServer {
  readonly #options: AgentServerOptions;
  readonly #sessions = new Map<string, AgentSession>();
  /** Sessions with something to tell. */
  readonly #changed = new Set<AgentSession>();
  #telling = false;
  #authenticating = 0;

  constructor(options: AgentServerOptions) {
    this.#options = options;
  }

  /** Adds AgentService to a server. */
  addTo(server: Server): void {
    serve<typeof AgentService>(server, AgentService, {
      connect: (stream) => {
        void this.#accept(stream);
      },
    });
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Something about a probe changed for any node. */
  probeChanged(uid: string): void {
    for (const session of this.#sessions.values()) {
      session.probeChanged(uid);
      this.#schedule(session);
    }
  }

  /** Everything about probes may have changed, for one node or for all. */
  probesChanged(node?: string): void {
    const sessions = node === undefined ? this.#sessions.values() : [this.#sessions.get(node)];
    for (const session of sessions) {
      if (session === undefined) continue;
      session.probesChanged();
      this.#schedule(session);
    }
  }

  podChanged(node: string, podUid: string): void {
    const session = this.#sessions.get(node);
    if (session === undefined) return;
    session.podChanged(podUid);
    this.#schedule(session);
  }

  /** Ends the stream of the agent in a pod that is gone. */
  podGone(node: string, podUid: string): void {
    const session = this.#sessions.get(node);
    if (session?.identity.podUid === podUid)
      session.close(status.UNAUTHENTICATED, 'the pod of the agent is gone');
  }

  nodeGone(node: string): void {
    this.#sessions.get(node)?.close(status.UNAUTHENTICATED, 'the node of the agent is gone');
  }

  /** Sends all agents to another replica; '': to whoever will lead. */
  redirect(leader: string): void {
    for (const session of [...this.#sessions.values()]) session.redirect(leader);
  }

  async #accept(stream: AgentStream): Promise<void> {
    const { clock, source, authenticator, leadership, onHello, onReport, onAnswered } = this.#options;
    // Until the session listens: a stream without a listener would end the process.
    stream.on('error', () => undefined);
    let identity: AgentIdentity;
    try {
      identity = await this.#authenticate(stream);
    } catch (error) {
      const refusal =
        error instanceof RefusedError
          ? error
          : new RefusedError('unavailable', 'the token cannot be reviewed now', { cause: error });
      this.#options.onRefused(refusal, stream.getPeer());
      stream.emit('error', refusal);
      return;
    }
    if (stream.cancelled) return;
    const who = leadership();
    if (!who.leads) {
      const { leader } = who;
      stream.write(create(ConnectResponseSchema, { message: { case: 'redirect', value: { leader } } }));
      stream.end();
      return;
    }
    const session = new AgentSession({
      ...{ stream, identity, authenticator, source, clock, onReport, onAnswered },
      onHello: (introduced, hello) => {
        onHello(introduced, hello);
      },
      onEnd: (ended, why) => {
        this.#changed.delete(ended);
        if (this.#sessions.get(identity.nodeName) !== ended) return;
        this.#sessions.delete(identity.nodeName);
        this.#options.onGone(identity, why);
      },
    });
    const older = this.#sessions.get(identity.nodeName);
    this.#sessions.set(identity.nodeName, session);
    older?.close(status.ABORTED, 'a newer stream of this node has taken its place');
  }

  async #authenticate(stream: AgentStream): Promise<AgentIdentity> {
    const { authenticator, synced, objection } = this.#options;
    if (this.#authenticating >= maxAuthenticating) {
      throw new RefusedError('unavailable', 'too many agents come at once: come again');
    }
    this.#authenticating++;
    try {
      const token = bearerToken(stream.metadata);
      // Before that, no agent's pod is known.
      await synced;
      const identity = await authenticator.authenticate(token);
      const reason = objection(identity);
      if (reason !== undefined) throw new RefusedError('unauthenticated', reason);
      return identity;
    } finally {
      this.#authenticating--;
    }
  }

  /** Changes of one turn go out as one message an agent, and no turn is held up by telling thousands. */
  #schedule(session: AgentSession): void {
    this.#changed.add(session);
    if (!this.#telling) this.#tellSoon();
  }

  #tell(): void {
    this.#telling = false;
    const until = performance.now() + turnMs;
    for (const session of this.#changed) {
      this.#changed.delete(session);
      session.flush();
      if (performance.now() > until) break;
    }
    if (this.#changed.size > 0) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#telling = true;
    setImmediate(() => {
      this.#tell();
    });
  }
}
