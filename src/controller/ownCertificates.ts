import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import { monotonicClock } from '../kubernetes/clock.ts';
import { sleep } from '../kubernetes/sleep.ts';
import { MemoryCertificates } from '../rpc/tls/memoryCertificates.ts';
import type { Certificates } from '../rpc/tls/certificateRotation.ts';
import type { CertificateKeeper } from './certificateKeeper.ts';

export interface OwnCertificatesOptions {
  keeper: CertificateKeeper;
  /** Which of the keeper's servers this is. */
  server: string;
  /** How often they are looked at, in milliseconds. Default: one minute. */
  everyMs?: number;
  /** Sooner while something fails, or nothing is there yet. Default: one second. */
  retryMs?: number;
  onError: (error: unknown) => void;
}

/**
 * This replica's server certificate: the one that the keeper's Secret has now. Until a leader has made it, connections
 * are refused.
 */
export class OwnCertificates {
  readonly credentials: ServerCredentials;
  readonly #certificates = new MemoryCertificates();
  readonly #options: OwnCertificatesOptions;
  readonly #ending = new AbortController();
  readonly #reading: Promise<void>;
  #shown: string | undefined;

  constructor(options: OwnCertificatesOptions) {
    this.#options = options;
    // Named the other way round in grpc-js 1.14's types: what comes first is the server's own certificate.
    this.credentials = experimental.createCertificateProviderServerCredentials(
      this.#certificates,
      null,
      false,
    );
    this.#reading = this.#repeat(this.#ending.signal, () => options.keeper.read());
  }

  /** What only the leader does: makes certificates and renews them, until the signal is aborted. */
  whileLeading(signal: AbortSignal): Promise<void> {
    return this.#repeat(signal, () => this.#options.keeper.step(new Date()));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#reading;
  }

  async #repeat(signal: AbortSignal, look: () => Promise<Certificates | undefined>): Promise<void> {
    const { everyMs = 60_000, retryMs = 1000, onError } = this.#options;
    while (!signal.aborted) {
      let found: Certificates | undefined;
      try {
        found = await look();
        this.#show(found);
      } catch (error) {
        onError(error);
      }
      await sleep(monotonicClock, found === undefined ? retryMs : everyMs, signal);
    }
  }

  #show(certificates: Certificates | undefined): void {
    const own = certificates?.servers[this.#options.server];
    if (own === undefined || own.certificate === this.#shown) return;
    this.#shown = own.certificate;
    this.#certificates.update(own);
  }
}
