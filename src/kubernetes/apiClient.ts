import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, type StatusObject } from './apiError.ts';
import { Connection } from './connection.ts';
import { readWatch, type WatchEvent } from './readWatch.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  query?: Query;
  /** Ends the request; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Of the whole request, in milliseconds. Default 30 s. */
  timeoutMs?: number;
}

export interface CreateOptions extends RequestOptions {
  /** Creating it twice does no harm (a review): may be sent again when a kept connection was closed. */
  repeatable?: boolean;
}

export interface PatchOptions extends RequestOptions {
  /** apply: server-side apply of what the field manager owns; merge: JSON merge patch (RFC 7386). */
  type: 'apply' | 'merge';
  /** Required to apply. */
  fieldManager?: string;
  /** Apply: take fields that others own. */
  force?: boolean;
}

export interface WatchOptions {
  query?: Query;
  signal: AbortSignal;
  /** Ends the watch with TimedOut when nothing came for so long, in milliseconds; also before the answer's head. */
  silenceMs: number;
}

/** A list, as far as lists are alike. */
export interface ObjectList<T> {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

const patchTypes = { apply: 'application/apply-patch+yaml', merge: 'application/merge-patch+json' } as const;

/**
 * A thin client of the API server: objects as JSON, by the path of their URL (see resourcePath). What comes back is
 * taken for the type asked for; the API server has validated it. Every failure is an ApiError.
 */
export class ApiClient implements Disposable {
  readonly #connection: Connection;

  /** @param userAgent such as "traceprobe-controller/0.1.0": the API server's audit log names it */
  constructor(kubeConfig: KubeConfig, userAgent = 'traceprobe') {
    this.#connection = new Connection(kubeConfig, userAgent);
  }

  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#request<T>('GET', path, options);
  }

  /** What is no JSON, such as a pod's log. */
  getText(path: string, options: RequestOptions = {}): Promise<string> {
    return this.#content('GET', path, options);
  }

  /** One page; `query.limit` and `query.continue` turn pages. */
  list<T>(path: string, options: RequestOptions = {}): Promise<ObjectList<T>> {
    return this.#request<ObjectList<T>>('GET', path, options);
  }

  create<T>(path: string, object: unknown, options: CreateOptions = {}): Promise<T> {
    return this.#request<T>('POST', path, options, { object, type: 'application/json' });
  }

  /** Replaces it; with metadata.resourceVersion only the version that was read (else 409 Conflict). */
  update<T>(path: string, object: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#request<T>('PUT', path, options, { object, type: 'application/json' });
  }

  patch<T>(
    path: string,
    object: unknown,
    { type, fieldManager, force, ...options }: PatchOptions,
  ): Promise<T> {
    const query = { ...options.query, fieldManager, force };
    // YAML 1.2 contains JSON.
    return this.#request<T>('PATCH', path, { ...options, query }, { object, type: patchTypes[type] });
  }

  async delete(path: string, options: RequestOptions & { body?: unknown } = {}): Promise<void> {
    const body = options.body === undefined ? undefined : { object: options.body, type: 'application/json' };
    await this.#request('DELETE', path, options, body);
  }

  /**
   * Changes of a collection until the server ends the watch (then it returns), or something fails (then it throws an
   * ApiError: also for an ERROR event, and Unreachable for a connection that broke off). Left early, the connection is
   * closed.
   */
  async *watch<T>(path: string, { query, signal, silenceMs }: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const fullPath = withQuery(path, { ...query, watch: true });
    const tried = `GET ${fullPath}`;
    const silence = new AbortController();
    const timer = setTimeout(() => {
      silence.abort();
    }, silenceMs);
    let response: IncomingMessage | undefined;
    try {
      response = await this.#connection.send({
        method: 'GET',
        path: fullPath,
        signal: AbortSignal.any([signal, silence.signal]),
        repeatable: true,
      });
      if (response.statusCode !== 200) throw await failure(tried, response);
      yield* readWatch<T>(response, tried, () => timer.refresh());
    } catch (error) {
      signal.throwIfAborted();
      if (!silence.signal.aborted) throw error;
      const message = `nothing came for ${silenceMs} ms, not even a bookmark`;
      throw new ApiError({ tried, status: 0, reason: 'TimedOut', message }, { cause: error });
    } finally {
      clearTimeout(timer);
      response?.destroy();
    }
  }

  /** Closes connections that are kept. */
  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  async #request<T>(
    method: string,
    path: string,
    options: CreateOptions,
    body?: { object: unknown; type: string },
  ): Promise<T> {
    const content = await this.#content(method, path, options, body);
    return parse(`${method} ${withQuery(path, options.query ?? {})}`, content) as T;
  }

  async #content(
    method: string,
    path: string,
    { query = {}, signal, timeoutMs = 30_000, repeatable = method === 'GET' }: CreateOptions,
    body?: { object: unknown; type: string },
  ): Promise<string> {
    const fullPath = withQuery(path, query);
    const tried = `${method} ${fullPath}`;
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const response = await this.#connection.send({
        method,
        path: fullPath,
        signal: either,
        repeatable,
        ...(body !== undefined && {
          headers: { 'content-type': body.type },
          body: JSON.stringify(body.object),
        }),
      });
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) throw await failure(tried, response);
      return await bodyOf(tried, response);
    } catch (error) {
      signal?.throwIfAborted();
      if (!timeout.aborted) throw error;
      const message = `no answer within ${timeoutMs} ms`;
      throw new ApiError({ tried, status: 0, reason: 'TimedOut', message }, { cause: error });
    }
  }
}

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

async function bodyOf(tried: string, response: IncomingMessage): Promise<string> {
  try {
    return (await buffer(response)).toString('utf8');
  } catch (error) {
    const message = `the answer broke off: ${error instanceof Error ? error.message : String(error)}`;
    throw new ApiError({ tried, status: 0, reason: 'Unreachable', message }, { cause: error });
  }
}

function parse(tried: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    const message = `the answer is no JSON: ${content.slice(0, 200)}`;
    throw new ApiError({ tried, status: 0, reason: 'Unreadable', message }, { cause: error });
  }
}

/** What an answer that is none says: a Status, or the text of whatever proxy gave it. */
async function failure(tried: string, response: IncomingMessage): Promise<ApiError> {
  const { statusCode = 0, statusMessage = '' } = response;
  const content = await bodyOf(tried, response);
  const retryAfter = Number(response.headers['retry-after']);
  const retryAfterMs = Number.isFinite(retryAfter) ? { retryAfterMs: retryAfter * 1000 } : {};
  let status: StatusObject = {};
  try {
    status = JSON.parse(content) as StatusObject;
  } catch {
    // A proxy's page, or plain text.
  }
  if (status.kind === 'Status') return ApiError.fromStatus(tried, statusCode, status);
  return new ApiError({
    tried,
    status: statusCode,
    reason: statusMessage.replaceAll(' ', '') || 'Unknown',
    message: content.trim().slice(0, 500) || '(empty answer)',
    ...retryAfterMs,
  });
}
