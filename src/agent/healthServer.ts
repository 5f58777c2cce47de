import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServerOptions {
  /** host:port; port 0 takes a free one. */
  listen: string;
  metrics: { contentType: string; metrics(): Promise<string> };
  /** Why the agent is not well; undefined: it is. */
  unhealthy: () => string | undefined;
}

/**
 * Serves /healthz and /metrics.
 * @throws Error when the address cannot be had
 */
export async function startHealthServer({
  listen,
  metrics,
  unhealthy,
}: HealthServerOptions): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      const reason = unhealthy();
      response.writeHead(reason === undefined ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(`${reason ?? 'ok'}\n`);
    } else if (request.url === '/metrics') {
      metrics.metrics().then(
        (text) => {
          response.writeHead(200, { 'content-type': metrics.contentType });
          response.end(text);
        },
        (error: unknown) => {
          response.writeHead(500, { 'content-type': 'text/plain' });
          response.end(`${(error as Error).message}\n`);
        },
      );
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('there are /healthz and /metrics\n');
    }
  });
  // Scrapes are short; whoever holds a connection open is let go.
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`listen on ${listen}: ${error.message}`, { cause: error }));
    });
    server.listen(Number(listen.slice(at + 1)), host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
