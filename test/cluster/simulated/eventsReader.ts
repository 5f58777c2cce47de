import { readFileSync } from 'node:fs';
import {
  credentials,
  status,
  type ClientReadableStream,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { createClient } from '../../../src/rpc/createClient.ts';
import {
  EventsService,
  type NodeLoss,
  type WatchResponse,
} from '../../../src/rpc/gen/traceprobe/v1/read_pb.ts';
import { bearer } from '../../../src/rpc/identity.ts';
import { runCli } from '../../kernel/cliProcess.ts';

export interface EventsReaderOptions {
  /** host:port of the aggregator. */
  address: string;
  caFile: string;
  tokenFile: string;
}

/** Reads from an aggregator: the CLI once, the API itself to wait for something. */
export class EventsReader implements Disposable {
  readonly #options: EventsReaderOptions;
  readonly #client;
  #closed = false;

  constructor(options: EventsReaderOptions) {
    this.#options = options;
    const tls = credentials.createSsl(readFileSync(options.caFile));
    this.#client = createClient(EventsService, options.address, tls, {
      'grpc.ssl_target_name_override': 'traceprobe-aggregator',
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  /** `traceprobe COMMAND… -o json`, line by line. */
  async cli<Row = Record<string, number>>(...args: string[]): Promise<Row[]> {
    const { address, caFile, tokenFile } = this.#options;
    const server = ['--server', address, '--ca-file', caFile, '--token-file', tokenFile];
    const { stdout, stderr, status: exit } = await runCli([...args, ...server, '-o', 'json']);
    if (exit !== 0) throw new Error(`traceprobe ${args.join(' ')}: ${stderr}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Row);
  }

  /** Events of a probe that are stored, of all nodes; asks again while the aggregator is away. */
  async stored(probe: string): Promise<number> {
    for (;;) {
      try {
        const { losses } = await this.#client.loss({ probe }, this.#token());
        return losses.reduce((sum: number, { stored }: NodeLoss) => sum + Number(stored), 0);
      } catch (error) {
        const { code } = error as ServiceError;
        if (code === status.NOT_FOUND) return 0;
        if (code !== status.UNAVAILABLE || this.#closed) throw error;
      }
    }
  }

  /** Resolves once more events than that are. */
  async untilStored(probe: string, more: number): Promise<number> {
    for (;;) {
      const stored = await this.stored(probe);
      if (stored > more) return stored;
    }
  }

  /** Its events as they come. */
  watch(probe: string): ClientReadableStream<WatchResponse> {
    return this.#client.watch({ probe }, this.#token());
  }

  #token(): Metadata {
    return bearer(readFileSync(this.#options.tokenFile, 'utf8').trim());
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#client.close();
  }
}
