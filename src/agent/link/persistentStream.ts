import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientDuplexStream, Metadata, ServiceError, status, StatusObject } from '@grpc/grpc-js';
import type { Connection } from '../../rpc/createClient.ts';
import { bearer } from '../../rpc/identity.ts';
import type { AgentLog } from '../agentLog.ts';
import { isLoopback } from '../../rpc/isLoopback.ts';
import { Backoff, type BackoffOptions } from '../../service/backoff.ts';

export interface OpenedStream<Request, Response> {
  stream: ClientDuplexStream<Request, Response>;
  /** Of the connection below, which is closed with the stream. */
  client: Connection;
}

export interface StreamEnd {
  /** For people. */
  reason: string;
  /** Of gRPC; undefined: it was not even begun. */
  code: status | undefined;
}

export interface PersistentStreamOptions<Request, Response> {
  /** Who is at the other end, for the log: "controller". */
  peer: string;
  open: (address: string, metadata: Metadata) => OpenedStream<Request, Response>;
  /** Reads the token, which the kubelet replaces now and then. */
  token: () => string | Promise<string>;
  tokenRequest: (token: string) => Request;
  /**
   * How often the stream is sent the token: within the five minutes that servers wait, and soon enough after the kubelet
   * has replaced it, which it does up to 90 s before it expires. Default 1 min.
   */
  tokenMilliseconds?: number;
  /** How long connecting may take. Default 10 s. */
  connectMilliseconds?: number;
  /** Default: 100 ms up to 10 s. */
  backoff?: BackoffOptions;
  /** A stream was opened; nothing has been answered yet. */
  onOpen: () => void;
  /** false: it brought nothing, so the next try waits longer than this one did. */
  onMessage: (response: Response) => boolean;
  /** The stream has ended; the next one follows. */
  onClosed: (end: StreamEnd) => void;
  /** The peer takes messages again, after write() was false. */
  onDrain?: () => void;
  /** Without TLS: other machines are not talked to, for the token would cross the network in clear. */
  onlyLoopback?: boolean;
  log: AgentLog;
}

/**
 * A bidirectional stream that is opened again, with growing pauses, whenever it ends; with a token that stays fresh.
 */
export class PersistentStream<Request, Response> {
  readonly #options: PersistentStreamOptions<Request, Response>;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #address: string;
  #opened: OpenedStream<Request, Response> | undefined;
  /** Ends the pause before the next try. */
  #hurry = new AbortController();
  readonly #running: Promise<void>;

  /** Connects at once. @param address host:port; empty: nowhere yet */
  constructor(address: string, options: PersistentStreamOptions<Request, Response>) {
    this.#address = address;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? { firstMs: 100, maxMs: 10_000 });
    this.#running = this.#run();
  }

  /** Where the next stream goes; a stream to somewhere else is ended now. */
  connectTo(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    if (this.#opened === undefined) this.#hurry.abort();
    else this.#opened.stream.cancel();
  }

  /** false: wait for onDrain before more is sent. Without a stream the message is gone. */
  write(request: Request): boolean {
    return this.#opened?.stream.write(request) ?? false;
  }

  /** Nothing more will be sent: the peer may answer what it has and end the stream. */
  end(): void {
    this.#opened?.stream.end();
  }

  /** Gives this stream up; another one follows. */
  restart(): void {
    this.#opened?.stream.cancel();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#hurry.abort();
    this.#opened?.stream.cancel();
    await this.#running;
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    const { peer, log, onClosed } = this.#options;
    while (!this.#isClosed()) {
      if (this.#address === '') {
        await this.#pause(2 ** 30);
        continue;
      }
      const address = this.#address;
      const end = await this.#stream(address);
      if (this.#isClosed()) return;
      onClosed(end);
      const milliseconds = this.#backoff.next();
      log('info', `${peer}: the stream has ended`, {
        address,
        reason: end.reason,
        again: Math.round(milliseconds),
      });
      await this.#pause(milliseconds);
    }
  }

  /** Resolves, when the stream has ended, to why. */
  async #stream(address: string): Promise<StreamEnd> {
    const { peer, open, token, tokenRequest, onOpen, onMessage, onDrain, onlyLoopback } = this.#options;
    const { connectMilliseconds = 10_000 } = this.#options;
    if (onlyLoopback === true && !isLoopback(address)) {
      const reason = `${peer}: ${address} is no loopback address, and without TLS the token would cross the network in clear`;
      return { reason, code: undefined };
    }
    let opened: OpenedStream<Request, Response>;
    try {
      const metadata = bearer(await token());
      if (this.#address !== address) return { reason: 'it goes elsewhere now', code: undefined };
      opened = open(address, metadata);
    } catch (error) {
      return { reason: (error as Error).message, code: undefined };
    }
    this.#opened = opened;
    const { stream, client } = opened;
    const renew = async (): Promise<void> => {
      try {
        stream.write(tokenRequest(await token()));
      } catch (error) {
        this.#options.log('warn', 'the token cannot be read', { error: (error as Error).message });
      }
    };
    const renewal = setInterval(() => void renew(), this.#options.tokenMilliseconds ?? 60_000);
    let connecting: NodeJS.Timeout | undefined;
    try {
      return await new Promise<StreamEnd>((resolve) => {
        let said: string | undefined;
        stream.on('data', (response: Response) => {
          if (onMessage(response)) this.#backoff.reset();
        });
        stream.on('drain', () => onDrain?.());
        stream.on('error', (error: ServiceError) => {
          said ??= error.details === '' ? error.message : error.details;
        });
        stream.on('status', ({ code }: StatusObject) => {
          // After the 'error' that may follow.
          setImmediate(() => {
            resolve({ reason: said ?? 'the peer ended it', code });
          });
        });
        // Where a pod was that is gone nobody answers at all, and the kernel would try for minutes.
        connecting = setTimeout(() => {
          if (client.isConnected()) return;
          said ??= `${address} has not answered within ${connectMilliseconds} ms`;
          stream.cancel();
        }, connectMilliseconds);
        if (this.#isClosed()) stream.cancel();
        else onOpen();
      });
    } finally {
      clearInterval(renewal);
      clearTimeout(connecting);
      this.#opened = undefined;
      client.close();
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#hurry = new AbortController();
    if (this.#isClosed()) return;
    await sleep(milliseconds, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
  }
}
