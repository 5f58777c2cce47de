import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

/** A kept file, as it is listed; integers that may be large as decimal text. */
export interface KeptFile {
  probe: string;
  /** As the node calls it. */
  path: string;
  /** Bytes. */
  size: string;
  ageMilliseconds: number;
  /** Bytes that the shipper has read; null: its notes do not say. */
  read: string | null;
  maxDelayMilliseconds: number;
}

/** Which kept files go now. */
export type ReleaseRequest = { all: true } | { paths: string[] };

export interface KeptFiles {
  list(): KeptFile[];
  /** @returns the paths that were let go */
  release(request: ReleaseRequest): string[];
}

/** Where the CLI asks for kept files: HTTP on a socket that only its owner may open. */
export interface KeptFilesServer {
  close(): Promise<void>;
}

/** Requests are a list of paths. */
const mostBytes = 4 << 20;

/** @throws Error when the socket cannot be made */
export async function serveKeptFiles(path: string, files: KeptFiles): Promise<KeptFilesServer> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    answer(request, files).then(
      ({ code, body }) => {
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
      (error: unknown) => {
        response.writeHead(500).end(JSON.stringify({ error: String(error) }));
      },
    );
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  return {
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

async function answer(request: IncomingMessage, files: KeptFiles): Promise<{ code: number; body: unknown }> {
  const { method, url } = request;
  if (method === 'GET' && url === '/held') return { code: 200, body: files.list() };
  if (method !== 'POST' || url !== '/release') {
    return { code: 404, body: { error: 'there are GET /held and POST /release' } };
  }
  if (Number(request.headers['content-length'] ?? Infinity) > mostBytes) {
    return { code: 413, body: { error: `a request has at most ${mostBytes} bytes` } };
  }
  const wanted = releaseRequest(await text(request));
  if (wanted === undefined) return { code: 400, body: { error: 'send {"all":true} or {"paths":[…]}' } };
  return { code: 200, body: files.release(wanted) };
}

function releaseRequest(body: string): ReleaseRequest | undefined {
  let request: { all?: unknown; paths?: unknown } | null;
  try {
    request = JSON.parse(body) as typeof request;
  } catch {
    return undefined;
  }
  if (request?.all === true) return { all: true };
  const paths: unknown = request?.paths;
  if (Array.isArray(paths) && paths.every((path): path is string => typeof path === 'string'))
    return { paths };
  return undefined;
}
