import type { Server } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { AgentAuthenticator } from '../../rpc/identity.ts';
import { serve } from '../../rpc/serve.ts';
import { IngestService } from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { LiveFeed } from '../live.ts';
import type { Store } from '../store/store.ts';
import { IngestBudget } from './ingestBudget.ts';
import { ShipStream } from './shipStream.ts';

export interface IngestOptions {
  store: Store;
  authenticator: AgentAuthenticator;
  live: LiveFeed;
  /** Bytes of one stream that may wait for their commit. Default 16 MiB. */
  streamBytes?: number;
  /** Bytes of all streams that may wait for their commit. Default 256 MiB. */
  totalBytes?: number;
  /** A frame was refused for what is in it; its stream was ended. */
  onMalformed?: (node: string, message: string) => void;
}

/** IngestService: takes frames from agents to the store. */
export class IngestServer {
  readonly #options: IngestOptions;
  readonly #budget: IngestBudget;
  readonly #streams = new Set<ShipStream>();
  #nextStream = 1;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#budget = new IngestBudget(options.streamBytes ?? 16 << 20, options.totalBytes ?? 256 << 20);
    options.store.on('failing', (failing) => {
      for (const stream of this.#streams) stream.tell(failing?.message);
    });
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Bytes that were received and are not committed. */
  get queuedBytes(): number {
    return this.#budget.bytes;
  }

  /** Adds the service to a server. */
  serveOn(server: Server): void {
    serve<typeof IngestService>(server, IngestService, {
      ship: (call) => {
        new ShipStream(call, this.#nextStream++, {
          store: this.#options.store,
          authenticator: this.#options.authenticator,
          live: this.#options.live,
          budget: this.#budget,
          onMalformed: (node, message) => this.#options.onMalformed?.(node, message),
          onOpen: (stream) => {
            this.#streams.add(stream);
            const message = this.#options.store.failing?.message;
            if (message !== undefined) stream.tell(message);
          },
          onClose: (stream) => {
            this.#streams.delete(stream);
          },
        });
      },
    });
  }

  /** Ends the streams of an agent whose pod is gone: whoever has its token now is not that pod. */
  podGone(podUid: string): void {
    for (const stream of this.#streams) {
      if (stream.agent?.podUid !== podUid) continue;
      stream.refuse(status.UNAUTHENTICATED, `the pod ${stream.agent.podName} is gone`);
    }
  }

  /** Ends all streams: agents come again, and send again what was not acked. */
  close(): void {
    for (const stream of this.#streams) stream.refuse(status.UNAVAILABLE, 'the aggregator is shutting down');
  }
}
