import { createPrivateKey, X509Certificate } from 'node:crypto';
import { experimental } from '@grpc/grpc-js';

type Provider = experimental.CertificateProvider;
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];

/**
 * Certificates of another provider, of which only those that can be used are passed on: what was there before goes on
 * serving while a file is missing, half written, or the key of a new certificate has not come yet (a mounted Secret
 * changes file by file for its reader).
 */
export class CheckedCertificates implements Provider {
  readonly #source: Provider;
  readonly #onRefused: (reason: string) => void;
  readonly #ca = new Map<CaListener, CaListener>();
  readonly #identity = new Map<IdentityListener, IdentityListener>();

  /** @param onRefused is told why an update was not passed on */
  constructor(source: Provider, onRefused: (reason: string) => void = () => undefined) {
    this.#source = source;
    this.#onRefused = onRefused;
  }

  addCaCertificateListener(listener: CaListener): void {
    const checked: CaListener = (update) => {
      const fault = update === null ? 'cannot be read' : caFault(update.caCertificate);
      if (fault === undefined) listener(update);
      else this.#onRefused(`the CA bundle ${fault}`);
    };
    this.#ca.set(listener, checked);
    this.#source.addCaCertificateListener(checked);
  }

  removeCaCertificateListener(listener: CaListener): void {
    const checked = this.#ca.get(listener);
    this.#ca.delete(listener);
    if (checked) this.#source.removeCaCertificateListener(checked);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    const checked: IdentityListener = (update) => {
      const fault = update === null ? 'cannot be read' : identityFault(update.certificate, update.privateKey);
      if (fault === undefined) listener(update);
      else this.#onRefused(`the certificate or its key ${fault}`);
    };
    this.#identity.set(listener, checked);
    this.#source.addIdentityCertificateListener(checked);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    const checked = this.#identity.get(listener);
    this.#identity.delete(listener);
    if (checked) this.#source.removeIdentityCertificateListener(checked);
  }
}

function caFault(pem: Buffer): string | undefined {
  const found = pem.toString().match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) return 'holds no certificate';
  return faultOf(() => {
    for (const one of found) new X509Certificate(one);
  });
}

function identityFault(certificate: Buffer, key: Buffer): string | undefined {
  return faultOf(() => {
    const belongs = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    if (!belongs) throw new Error('they do not belong together');
  });
}

function faultOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}
