import type { ApiClient } from '../kubernetes/apiClient.ts';
import { ApiError } from '../kubernetes/apiError.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';
import { bundleOf, rotate, type Certificates, type ServerNames } from '../rpc/tls/certificateRotation.ts';

export interface CertificateKeeperOptions {
  client: ApiClient;
  namespace: string;
  /** Prefix of the objects' names, such as the release's. Default: traceprobe. */
  prefix?: string;
  /** Each server's names; the Secret <prefix>-<server>-tls holds its certificate. */
  servers: ServerNames;
}

interface StoredSecret {
  metadata: { resourceVersion?: string };
  data?: Record<string, string>;
}

const stateKey = 'certificates.json';
const fieldManager = 'traceprobe-controller';

/**
 * Keeps the installation's certificates in the API server: all of them in the Secret <prefix>-certificates, each
 * server's own in a Secret of type kubernetes.io/tls, what clients trust in the ConfigMap <prefix>-ca (key ca.crt).
 * Only the leader takes steps; two that believe they lead do not make two authorities, for the Secret is changed only
 * in the version that was read.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #prefix: string;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#prefix = options.prefix ?? 'traceprobe';
  }

  /** What is stored now; undefined: nothing yet. */
  async read(): Promise<Certificates | undefined> {
    return (await this.#load()).certificates;
  }

  /**
   * Takes every step that is due at this time, and makes all objects what they should be.
   *
   * @throws ApiError; the next call goes on where this one ended
   */
  async step(now: Date): Promise<Certificates> {
    const stored = await this.#load();
    let { certificates } = stored;
    let { version } = stored;
    for (;;) {
      const next = await rotate(certificates, this.#options.servers, now);
      if (next === certificates) break;
      version = await this.#save(next, version);
      certificates = next;
    }
    await this.#publish(certificates);
    return certificates;
  }

  async #load(): Promise<{ certificates: Certificates | undefined; version: string | undefined }> {
    try {
      const secret = await this.#options.client.get<StoredSecret>(this.#secretPath(this.#stateName));
      const data = secret.data?.[stateKey];
      const certificates = data === undefined ? undefined : parse(Buffer.from(data, 'base64').toString());
      return { certificates, version: secret.metadata.resourceVersion };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        return { certificates: undefined, version: undefined };
      }
      throw error;
    }
  }

  async #save(certificates: Certificates, version: string | undefined): Promise<string | undefined> {
    const { client } = this.#options;
    const secret = {
      ...this.#head('Secret', this.#stateName),
      type: 'traceprobe.io/certificates',
      data: { [stateKey]: Buffer.from(JSON.stringify(certificates)).toString('base64') },
    };
    const saved =
      version === undefined
        ? await client.create<StoredSecret>(this.#secretPath(), secret)
        : await client.update<StoredSecret>(this.#secretPath(this.#stateName), {
            ...secret,
            metadata: { ...secret.metadata, resourceVersion: version },
          });
    return saved.metadata.resourceVersion;
  }

  /** The bundle first: who meets a new certificate has to be able to trust it. */
  async #publish(certificates: Certificates): Promise<void> {
    const bundle = bundleOf(certificates);
    const { namespace } = this.#options;
    const name = `${this.#prefix}-ca`;
    await this.#apply(resourcePath({ version: 'v1', resource: 'configmaps', namespace, name }), {
      ...this.#head('ConfigMap', name),
      data: { 'ca.crt': bundle },
    });
    for (const [server, { certificate, privateKey }] of Object.entries(certificates.servers)) {
      const secret = `${this.#prefix}-${server}-tls`;
      await this.#apply(this.#secretPath(secret), {
        ...this.#head('Secret', secret),
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': bundle },
      });
    }
  }

  async #apply(path: string, object: object): Promise<void> {
    await this.#options.client.patch(path, object, { type: 'apply', fieldManager, force: true });
  }

  #head(kind: string, name: string): { apiVersion: string; kind: string; metadata: Record<string, unknown> } {
    const labels = {
      'app.kubernetes.io/part-of': 'traceprobe',
      'app.kubernetes.io/managed-by': fieldManager,
    };
    return { apiVersion: 'v1', kind, metadata: { name, namespace: this.#options.namespace, labels } };
  }

  get #stateName(): string {
    return `${this.#prefix}-certificates`;
  }

  #secretPath(name?: string): string {
    const { namespace } = this.#options;
    return resourcePath({
      version: 'v1',
      resource: 'secrets',
      namespace,
      ...(name !== undefined && { name }),
    });
  }
}

/** @throws Error when the Secret holds something else: deleting it makes new certificates */
function parse(text: string): Certificates {
  try {
    return JSON.parse(text, (key, value: unknown) =>
      (key === 'since' || key === 'until') && typeof value === 'string' ? new Date(value) : value,
    ) as Certificates;
  } catch (error) {
    throw new Error(`the Secret's ${stateKey} is no JSON; delete the Secret, and new certificates are made`, {
      cause: error,
    });
  }
}
