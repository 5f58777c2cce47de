import { status, type Metadata } from '@grpc/grpc-js';
import { bearerToken, RefusedError, type ReaderAuthority, type ReaderIdentity } from '../../rpc/identity.ts';
import type { Audit } from './audit.ts';
import { serviceError } from './serviceErrors.ts';

/** What the audit log is told of a call while it goes on. */
export class ReadCall {
  readonly reader: ReaderIdentity;
  readonly #authority: ReaderAuthority;
  readonly probes = new Set<string>();
  rows = 0;

  constructor(reader: ReaderIdentity, authority: ReaderAuthority) {
    this.reader = reader;
    this.#authority = authority;
  }

  /**
   * Notes that the call reads a probe.
   *
   * @throws RefusedError when the reader may not
   */
  async read(probe: string): Promise<void> {
    this.probes.add(probe);
    if (await this.#authority.mayRead(this.reader, probe)) return;
    throw new RefusedError(
      'forbidden',
      `${this.reader.username} may not read events of probe ${probe}: that takes verb get on traceprobes/events, ` +
        `resource name ${probe}, in group traceprobe.io`,
    );
  }

  /**
   * Makes sure that there is something that the reader may read.
   *
   * @param probes all that there are
   * @throws RefusedError
   */
  async readsAny(probes: readonly string[]): Promise<void> {
    if (await this.#authority.mayRead(this.reader, '*')) return;
    if ((await this.readable(probes)).length > 0) return;
    throw new RefusedError(
      'forbidden',
      `${this.reader.username} may not read events: there is no probe with events that you may read; that takes verb ` +
        'get on traceprobes/events, in group traceprobe.io',
    );
  }

  /** Which of these probes the reader may read. */
  async readable(probes: readonly string[]): Promise<string[]> {
    if (await this.#authority.mayRead(this.reader, '*')) return [...probes];
    const answers = await Promise.all(probes.map((probe) => this.#authority.mayRead(this.reader, probe)));
    return probes.filter((_probe, index) => answers[index]);
  }
}

export interface CallInfo {
  call: string;
  metadata: Metadata;
  peer: string;
  detail: string;
  probes: readonly string[];
}

export interface CallGuard {
  authority: ReaderAuthority;
  /** Where only one can call, who that is: nobody is asked for a token. */
  caller?: ReaderIdentity;
  audit: Audit;
  /** Faults of our own. */
  onFault: (call: string, error: unknown) => void;
}

/**
 * Authenticates a call and writes it to the audit log at its end, however it ends.
 *
 * @throws ServiceError
 */
export async function guarded<T>(
  { call, metadata, peer, detail, probes }: CallInfo,
  { authority, caller, audit, onFault }: CallGuard,
  action: (read: ReadCall) => Promise<T>,
): Promise<T> {
  const start = performance.now();
  let read: ReadCall | undefined;
  const finish = (outcome: string, message: string): void => {
    audit({
      call,
      reader: read?.reader,
      peer,
      probes: [...new Set([...probes, ...(read?.probes ?? [])])],
      detail,
      rows: read?.rows ?? 0,
      durationMs: performance.now() - start,
      outcome,
      message,
    });
  };
  try {
    read = new ReadCall(caller ?? (await authority.authenticate(bearerToken(metadata))), authority);
    const result = await action(read);
    finish('OK', '');
    return result;
  } catch (error) {
    const told = serviceError(error);
    if (told.code === status.INTERNAL) onFault(call, error);
    finish(status[told.code], told.details);
    throw told;
  }
}
