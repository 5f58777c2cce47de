import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { readerAudience } from '../../kubernetes/readerReviewer.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';

/** Who readers are to the aggregator: whoever may ask for a token of it is one, which RBAC decides. */
export const readerAccount = 'traceprobe-reader';

const lifeSeconds = 600;
/** A token is not used up to its last moment: clocks differ, and calls take a while. */
const spareMs = 60_000;

interface TokenRequest {
  status?: { token: string; expirationTimestamp: string };
}

/** Tokens of the reader's ServiceAccount, ten minutes each, for the aggregator alone. */
export class ReaderToken {
  readonly #api: ApiClient;
  readonly #namespace: string;
  #token: { text: string; expires: number } | undefined;

  constructor(api: ApiClient, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** @throws ApiError */
  async get(): Promise<string> {
    if (this.#token && this.#token.expires - spareMs > Date.now()) return this.#token.text;
    const path = resourcePath({
      version: 'v1',
      resource: 'serviceaccounts',
      namespace: this.#namespace,
      name: readerAccount,
      subresource: 'token',
    });
    const { status } = await this.#api.create<TokenRequest>(path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [readerAudience], expirationSeconds: lifeSeconds },
    });
    if (status === undefined) throw new Error(`the API server gave no token for ${readerAccount}`);
    this.#token = { text: status.token, expires: Date.parse(status.expirationTimestamp) };
    return this.#token.text;
  }
}
