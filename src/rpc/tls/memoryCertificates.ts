import type { experimental } from '@grpc/grpc-js';

type Provider = experimental.CertificateProvider;
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];

/** Certificates that this process was handed, for servers and clients made with it; `update` changes them all. */
export class MemoryCertificates implements Provider {
  readonly #ca = new Set<CaListener>();
  readonly #identity = new Set<IdentityListener>();
  #bundle: Buffer | undefined;
  #pair: { certificate: Buffer; privateKey: Buffer } | undefined;

  /** PEM all. */
  update(certificates: { bundle?: string; certificate: string; privateKey: string }): void {
    this.#bundle = certificates.bundle === undefined ? undefined : Buffer.from(certificates.bundle);
    this.#pair = {
      certificate: Buffer.from(certificates.certificate),
      privateKey: Buffer.from(certificates.privateKey),
    };
    for (const listener of this.#ca) this.#tellCa(listener);
    for (const listener of this.#identity) this.#tellIdentity(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#ca.add(listener);
    this.#tellCa(listener);
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#ca.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.add(listener);
    this.#tellIdentity(listener);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.delete(listener);
  }

  #tellCa(listener: CaListener): void {
    if (this.#bundle) listener({ caCertificate: this.#bundle });
  }

  #tellIdentity(listener: IdentityListener): void {
    if (this.#pair) listener(this.#pair);
  }
}
