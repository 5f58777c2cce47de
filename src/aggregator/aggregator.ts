import type { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Registry } from 'prom-client';
import { listen, type Listening } from '../rpc/listen.ts';
import type { AgentAuthenticator } from '../rpc/identity.ts';
import { AggregatorMetrics } from './aggregatorMetrics.ts';
import { IngestServer, type IngestOptions } from './ingest/ingestServer.ts';
import { LiveFeed } from './live.ts';
import { Store, type StoreOptions } from './store/store.ts';

export interface AggregatorOptions {
  store: StoreOptions;
  /** host:port; port 0 takes a free one. */
  address: string;
  credentials: ServerCredentials;
  authenticator: AgentAuthenticator;
  /** Adds what reads events: see read/eventsService.ts. */
  addServices?: (server: Server, store: Store, live: LiveFeed) => void;
  ingest?: Pick<IngestOptions, 'streamBytes' | 'totalBytes'>;
  /** Told once of each change: commits fail, and why, or they succeed again (undefined). */
  onFailing?: (message: string | undefined) => void;
  onMalformed?: (node: string, message: string) => void;
  /** The store's thread is gone: nothing can be stored any more, and the process should end. */
  onLost?: (error: Error) => void;
}

/** Takes events from agents into a store, and serves them to readers. */
export class Aggregator implements AsyncDisposable {
  readonly port: number;
  readonly store: Store;
  readonly live: LiveFeed;
  readonly #ingest: IngestServer;
  readonly #metrics: AggregatorMetrics;
  readonly #listening: Listening;

  private constructor(
    parts: { store: Store; live: LiveFeed; ingest: IngestServer; metrics: AggregatorMetrics },
    listening: Listening,
  ) {
    this.store = parts.store;
    this.live = parts.live;
    this.#ingest = parts.ingest;
    this.#metrics = parts.metrics;
    this.#listening = listening;
    this.port = listening.port;
  }

  /** @throws StoreError when the store cannot be opened; Error when the address cannot be had */
  static async start(options: AggregatorOptions): Promise<Aggregator> {
    const store = await Store.open(options.store);
    try {
      const live = new LiveFeed();
      let metrics = undefined as AggregatorMetrics | undefined;
      const ingest = new IngestServer({
        ...options.ingest,
        ...{ store, live, authenticator: options.authenticator },
        onMalformed: (node, message) => {
          metrics?.malformedFrames.inc();
          options.onMalformed?.(node, message);
        },
      });
      metrics = new AggregatorMetrics({
        store,
        streams: () => ingest.streams,
        queuedBytes: () => ingest.queuedBytes,
      });
      let told: string | undefined;
      store.on('failing', (failing) => {
        if (failing?.message === told) return;
        told = failing?.message;
        options.onFailing?.(told);
      });
      store.on('lost', (error) => options.onLost?.(error));
      const { address, credentials } = options;
      const listening = await listen({ address, credentials, maxMessageBytes: 64 << 20 }, (server) => {
        ingest.serveOn(server);
        options.addServices?.(server, store, live);
      });
      return new Aggregator({ store, live, ingest, metrics }, listening);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get registry(): Registry {
    return this.#metrics.registry;
  }

  /** The pod of an agent is gone: its streams end. */
  podGone(podUid: string): void {
    this.#ingest.podGone(podUid);
  }

  /** Why it does not do its work; undefined: it does. */
  notReady(): string | undefined {
    return this.store.failing?.message;
  }

  /** Takes nothing more, commits what came, and closes the store. */
  async close(): Promise<void> {
    this.#ingest.close();
    await this.#listening.close();
    await this.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
