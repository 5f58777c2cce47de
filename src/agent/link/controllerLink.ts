import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ChannelCredentials, ClientOptions } from '@grpc/grpc-js';
import { createClient } from '../../rpc/createClient.ts';
import {
  AgentService,
  ConnectRequestSchema,
  type ConnectRequest,
  type ConnectResponse,
  type DesiredState,
  type HelloSchema,
  type NodeReportSchema,
} from '../../rpc/gen/traceprobe/v1/agent_pb.ts';
import type { AgentLog } from '../agentLog.ts';
import type { BackoffOptions } from '../../service/backoff.ts';
import { streamOptions } from './streamOptions.ts';
import { PersistentStream } from './persistentStream.ts';

export interface ControllerLinkOptions {
  /** host:port of any replica, or of the Service before them. */
  address: string;
  credentials: ChannelCredentials;
  clientOptions?: ClientOptions;
  token: () => string | Promise<string>;
  tokenMilliseconds?: number;
  backoff?: BackoffOptions;
  /** Without TLS. */
  onlyLoopback?: boolean;
  hello: MessageInitShape<typeof HelloSchema>;
  /** A message of the leader; the first one of a stream is complete. */
  onDesired: (state: DesiredState) => void;
  /** The leader is there, or has gone. */
  onLinked: (linked: boolean) => void;
  log: AgentLog;
}

/**
 * The agent's stream to the leading controller: desired state down, reports up. Replicas that do not lead say who
 * does; a leader that is gone is looked for at the first address again.
 */
export class ControllerLink {
  readonly #options: ControllerLinkOptions;
  readonly #stream: PersistentStream<ConnectRequest, ConnectResponse>;
  #linked = false;
  #redirected = false;

  constructor(options: ControllerLinkOptions) {
    this.#options = options;
    const { address, credentials, clientOptions, token, tokenMilliseconds, backoff, log } = options;
    this.#stream = new PersistentStream<ConnectRequest, ConnectResponse>(address, {
      peer: 'controller',
      open: (at, metadata) => {
        const client = createClient(AgentService, at, credentials, { ...streamOptions, ...clientOptions });
        return { stream: client.connect(metadata), client };
      },
      token,
      tokenRequest: (fresh) => request({ case: 'token', value: fresh }),
      ...(tokenMilliseconds === undefined ? {} : { tokenMilliseconds }),
      ...(backoff === undefined ? {} : { backoff }),
      onlyLoopback: options.onlyLoopback === true,
      onOpen: () => {
        this.#stream.write(request({ case: 'hello', value: options.hello }));
      },
      onMessage: (response) => this.#take(response),
      onClosed: () => {
        this.#link(false);
        // A leader that is gone is looked for where the first one was told.
        if (!this.#redirected) this.#stream.connectTo(address);
        this.#redirected = false;
      },
      log,
    });
  }

  /** Lost when nobody is linked: a complete report follows every onLinked(true). */
  report(report: MessageInitShape<typeof NodeReportSchema>): void {
    if (this.#linked) this.#stream.write(request({ case: 'report', value: report }));
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  #take({ message }: ConnectResponse): boolean {
    if (message.case === 'redirect') {
      const { leader } = message.value;
      this.#options.log('info', 'another controller leads', { leader });
      this.#redirected = leader !== '';
      if (this.#redirected) this.#stream.connectTo(leader);
      this.#stream.restart();
      return false;
    }
    if (message.case !== 'desired') return false;
    this.#options.onDesired(message.value);
    this.#link(true);
    return true;
  }

  #link(linked: boolean): void {
    if (linked === this.#linked) return;
    this.#linked = linked;
    this.#options.onLinked(linked);
  }
}

function request(message: MessageInitShape<typeof ConnectRequestSchema>['message'] & object): ConnectRequest {
  return create(ConnectRequestSchema, { message });
}
