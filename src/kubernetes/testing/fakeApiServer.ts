import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../api/kubernetesObject.ts';
import type { StatusObject } from '../apiError.ts';

export type FakeObject = KubernetesObject & {
  metadata: { namespace?: string };
  color?: string;
  [field: string]: unknown;
};

/** A request as it was answered. */
export interface FakeRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

/** What is answered instead; undefined: as usual. */
export type Intercept = (
  request: FakeRequest,
  response: ServerResponse,
) => Promise<FakeAnswer | undefined> | FakeAnswer | 'taken' | undefined;

export interface FakeAnswer {
  status: number;
  body: unknown;
}

/**
 * A stand-in for the API server that serves one collection over plain HTTP, with its list pages, versions and watches
 * as the real one has them: only for faults that the real one cannot be brought to, and for speed.
 */
export class FakeApiServer implements AsyncDisposable {
  readonly requests: FakeRequest[] = [];
  /** Set to answer otherwise. 'taken': it has answered, or will, by itself. */
  intercept: Intercept | undefined;
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #objects = new Map<string, FakeObject>();
  readonly #history: { version: number; line: string }[] = [];
  readonly #watches = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  readonly #listeners = new Set<() => void>();
  #version = 100;
  #oldest = 0;
  #port = 0;

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    fake.#server.on('connection', (socket) => {
      fake.#sockets.add(socket);
      socket.on('close', () => fake.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    await fake.listen();
    return fake;
  }

  get kubeConfig(): KubeConfig {
    const kubeConfig = new KubeConfig();
    const server = `http://127.0.0.1:${this.#port}`;
    kubeConfig.loadFromClusterAndUser({ name: 'fake', server, skipTLSVerify: true }, { name: 'tester' });
    return kubeConfig;
  }

  get port(): number {
    return this.#port;
  }

  get watches(): number {
    return this.#watches.size;
  }

  get version(): string {
    return String(this.#version);
  }

  /** Listens (again, on the same port). */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets every connection and takes no more. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }

  /** Creates or changes an object. */
  put(name: string, fields: Record<string, unknown> = {}, uid = `uid-of-${name}`): FakeObject {
    this.#version += 1;
    const object: FakeObject = {
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name, uid, resourceVersion: this.version },
      ...fields,
    };
    const known = this.#objects.get(name);
    this.#objects.set(name, object);
    this.#publish(known === undefined ? 'ADDED' : 'MODIFIED', object);
    return object;
  }

  delete(name: string): void {
    const object = this.#objects.get(name);
    if (object === undefined) throw new Error(`there is no ${name}`);
    this.#objects.delete(name);
    this.#version += 1;
    this.#publish('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: this.version } });
  }

  /** Moves on, as other kinds do, and tells the watches. */
  bookmark(): void {
    this.#version += 10;
    this.send(event('BOOKMARK', { kind: 'Thing', metadata: { resourceVersion: this.version } }));
  }

  /** Forgets what was before now: watches from there get 410. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history.length = 0;
  }

  /** Ends every watch with an ERROR event, as the server does to one it cannot serve any more. */
  failWatches(status: StatusObject): void {
    this.send(event('ERROR', { kind: 'Status', ...status }));
    this.endWatches();
  }

  endWatches(): void {
    for (const response of this.#watches) response.end();
    this.#watches.clear();
  }

  /** Writes to every watch as it is. */
  send(text: string | Uint8Array): void {
    for (const response of this.#watches) response.write(text);
  }

  /** Resolves once the condition holds; looked at after each request and each watch that ends. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of this.#listeners) look();
  }

  #publish(type: string, object: FakeObject): void {
    const line = event(type, object);
    this.#history.push({ version: this.#version, line });
    this.send(line);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '', 'http://fake');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const request: FakeRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(
        Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]),
      ),
      body: text === '' ? undefined : JSON.parse(text),
    };
    const instead = await this.intercept?.(request, response);
    this.requests.push(request);
    this.#changed();
    if (instead === 'taken') return;
    if (instead !== undefined) this.#reply(response, instead);
    else if (request.query['watch'] === 'true') this.#watch(request, response);
    else this.#reply(response, this.#list(request));
  }

  #reply(response: ServerResponse, { status, body }: FakeAnswer): void {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #list({ query }: FakeRequest): FakeAnswer {
    const [from = '0', version = this.version] = query['continue']?.split('@') ?? [];
    if (Number(version) < this.#oldest) return { status: 410, body: expired };
    const limit = query['limit'] === undefined ? Infinity : Number(query['limit']);
    const all = [...this.#objects.values()];
    const end = Number(from) + limit;
    const metadata = { resourceVersion: version, ...(end < all.length && { continue: `${end}@${version}` }) };
    return { status: 200, body: { kind: 'ThingList', metadata, items: all.slice(Number(from), end) } };
  }

  #watch({ query }: FakeRequest, response: ServerResponse): void {
    const from = Number(query['resourceVersion']);
    if (from < this.#oldest) {
      this.#reply(response, { status: 410, body: expired });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { version, line } of this.#history) if (version > from) response.write(line);
    this.#watches.add(response);
    this.#changed();
    response.on('close', () => {
      this.#watches.delete(response);
      this.#changed();
    });
  }
}

const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };

function event(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}
