import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Session } from 'node:http2';
import { Server, type ServerCredentials } from '@grpc/grpc-js';
import { joinHostPort, splitHostPort } from '../service/hostPort.ts';

export interface ListenOptions {
  /** host:port; no host: every address of this machine; port 0 takes a free one. */
  address: string;
  credentials: ServerCredentials;
  /** Bytes of the largest message a peer may send; larger ones end its call with RESOURCE_EXHAUSTED. */
  maxMessageBytes?: number;
  /** Bytes that may be under way on a connection before the reader has taken any. */
  windowBytes?: number;
  /** Streams one connection may have open. */
  maxStreams?: number;
}

export interface Listening {
  port: number;
  /** Refuses new calls, waits for those under way, at most so long, and then ends them. */
  close(graceMilliseconds?: number): Promise<void>;
}

/**
 * A server whose services `add` names, listening. Dead peers are noticed within half a minute (HTTP/2 pings), and a
 * connection's window is `windowBytes`: grpc-js has no option for that, and HTTP/2's 64 KiB are 6 MB/s at a round trip
 * of 5 ms.
 *
 * @throws Error when the address cannot be had
 */
export async function listen(options: ListenOptions, add: (server: Server) => void): Promise<Listening> {
  const { maxMessageBytes = 8 << 20, windowBytes = 4 << 20, maxStreams = 100 } = options;
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': maxStreams,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
  });
  add(server);
  const port = await bind(server, options);
  const widened = new WeakSet<ServerHttp2Session>();
  const widen = (message: unknown): void => {
    const session = (message as { stream: { session?: ServerHttp2Session } }).stream.session;
    if (session === undefined || session.socket.localPort !== port || widened.has(session)) return;
    widened.add(session);
    // The session is not ready for it while it announces its first stream.
    setImmediate(() => {
      if (session.destroyed) return;
      session.setLocalWindowSize(windowBytes);
      session.settings({ initialWindowSize: windowBytes, maxConcurrentStreams: maxStreams });
    });
  };
  subscribe('http2.server.stream.created', widen);
  return {
    port,
    close: async (graceMilliseconds = 2000) => {
      const forced = setTimeout(() => {
        server.forceShutdown();
      }, graceMilliseconds);
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => {
          resolve();
        });
      });
      clearTimeout(forced);
      unsubscribe('http2.server.stream.created', widen);
    },
  };
}

function bind(server: Server, { address, credentials }: ListenOptions): Promise<number> {
  const { host, port: wanted } = splitHostPort(address);
  // Other forms, such as unix:, are grpc-js's own.
  const target = address.startsWith(':') ? joinHostPort(host, wanted) : address;
  return new Promise((resolve, reject) => {
    server.bindAsync(target, credentials, (error, port) => {
      if (error) reject(new Error(`listen on ${address}: ${error.message}`, { cause: error }));
      else resolve(port);
    });
  });
}
