import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { splitHostPort } from './hostPort.ts';

export interface MetricsServerOptions {
  /** host:port; no host: every address of this machine; port 0 takes a free one. */
  address: string;
  registry: Registry;
  /** Why it is not ready; undefined: it is. Left out: it is whenever it answers. */
  notReady?: () => string | undefined;
}

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/** /metrics for Prometheus, /healthz (it lives) and /readyz (it does its work) for the kubelet. */
export async function startMetricsServer({
  address,
  registry,
  notReady = () => undefined,
}: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const answer = (code: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(code, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : text);
    };
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'only GET\n');
    else if (path === '/healthz') answer(200, 'ok\n');
    else if (path === '/readyz') {
      const reason = notReady();
      answer(reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => {
          answer(200, text, registry.contentType);
        },
        (error: unknown) => {
          answer(500, `${String(error)}\n`);
        },
      );
    } else answer(404, 'there are /metrics, /healthz and /readyz\n');
  });
  // Scrapes are short; whoever holds a connection open is let go.
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  await listening(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

function listening(server: Server, address: string): Promise<void> {
  const { host, port } = splitHostPort(address);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`listen on ${address}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
