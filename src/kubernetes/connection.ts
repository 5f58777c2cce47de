import { readFileSync } from 'node:fs';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError } from './apiError.ts';

export interface ConnectionRequest {
  method: string;
  /** With its query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Sent once more when a kept connection turns out to be closed by then; a request that may run twice. */
  repeatable: boolean;
}

/** Milliseconds of silence after which TCP asks whether the other end is still there. */
const keepAliveAfterMs = 15_000;

/**
 * Requests to the API server of a KubeConfig. Certificates, and the token where it is in a file, are read from their
 * files at each request: a rotation counts at once and by no clock. Plugins (exec, OIDC) run through the KubeConfig.
 */
export class Connection implements Disposable {
  readonly #kubeConfig: KubeConfig;
  readonly #url: URL;
  readonly #userAgent: string;
  readonly #agent: http.Agent | https.Agent;

  /** @throws Error when the KubeConfig has no current cluster */
  constructor(kubeConfig: KubeConfig, userAgent: string) {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) {
      throw new Error(
        `the kubeconfig's current context "${kubeConfig.getCurrentContext()}" names no cluster: ` +
          'choose one with "kubectl config use-context"',
      );
    }
    this.#kubeConfig = kubeConfig;
    this.#userAgent = userAgent;
    this.#url = new URL(cluster.server);
    const options = { keepAlive: true, keepAliveMsecs: keepAliveAfterMs, maxFreeSockets: 16 };
    this.#agent = this.#url.protocol === 'http:' ? new http.Agent(options) : new https.Agent(options);
  }

  /**
   * The answer's head; its body is the caller's to read or destroy. Aborted, it and the body end with an error.
   *
   * @throws ApiError Unreachable or NoCredentials
   */
  async send(request: ConnectionRequest): Promise<IncomingMessage> {
    const options = await this.#options(request);
    try {
      return await this.#try(options, request);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      if (!request.repeatable || request.signal.aborted) throw unreachable(request, error.cause);
      try {
        return await this.#try({ ...options, agent: false }, request);
      } catch (again) {
        throw again instanceof StaleConnectionError ? unreachable(request, again.cause) : again;
      }
    }
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #options(request: ConnectionRequest): Promise<https.RequestOptions> {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': this.#userAgent };
    const options: https.RequestOptions = { headers };
    try {
      await this.#kubeConfig.applyToHTTPSOptions(options);
      const token = tokenFromFile(this.#kubeConfig);
      if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    } catch (error) {
      throw new ApiError(
        {
          tried: `${request.method} ${request.path}`,
          status: 0,
          reason: 'NoCredentials',
          message: `the credentials of the kubeconfig's context "${this.#kubeConfig.getCurrentContext()}" cannot be had: ${messageOf(error)}`,
        },
        { cause: error },
      );
    }
    if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body));
    Object.assign(headers, request.headers);
    // The KubeConfig's own agent opens a connection for every request; it is only needed to go through a proxy.
    if (this.#kubeConfig.getCurrentCluster()?.proxyUrl === undefined) options.agent = this.#agent;
    options.method = request.method;
    options.protocol = this.#url.protocol;
    options.hostname = this.#url.hostname.replace(/^\[(.*)\]$/, '$1');
    options.port = this.#url.port;
    options.path = `${this.#url.pathname.replace(/\/$/, '')}${request.path}`;
    options.signal = request.signal;
    return options;
  }

  #try(options: https.RequestOptions, request: ConnectionRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sender = this.#url.protocol === 'http:' ? http : https;
      const outgoing: ClientRequest = sender.request(options, resolve);
      outgoing.on('socket', (socket) => {
        socket.setKeepAlive(true, keepAliveAfterMs);
      });
      outgoing.on('error', (error) => {
        reject(
          outgoing.reusedSocket && !request.signal.aborted
            ? new StaleConnectionError('the kept connection was closed', { cause: error })
            : unreachable(request, error),
        );
      });
      outgoing.end(request.body);
    });
  }
}

class StaleConnectionError extends Error {}

function unreachable(request: ConnectionRequest, cause: unknown): ApiError {
  const tried = `${request.method} ${request.path}`;
  return new ApiError({ tried, status: 0, reason: 'Unreachable', message: messageOf(cause) }, { cause });
}

/** Of the user's auth provider `tokenFile`: what KubeConfig.loadFromCluster sets. It would keep a token for a minute. */
function tokenFromFile(kubeConfig: KubeConfig): string | undefined {
  const provider: unknown = kubeConfig.getCurrentUser()?.authProvider;
  const file = (provider as { config?: { tokenFile?: string } } | undefined)?.config?.tokenFile;
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim();
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
