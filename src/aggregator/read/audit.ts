import type { ReaderIdentity } from '../../rpc/identity.ts';

/** One read of events, or an attempt at it. */
export interface AuditEntry {
  call: string;
  /** Undefined: the token was refused. */
  reader: ReaderIdentity | undefined;
  /** Address of the peer, of which nothing is proven. */
  peer: string;
  /** Names of the probes that were, or would have been, read. */
  probes: readonly string[];
  /** The filter or the statement. */
  detail: string;
  rows: number;
  durationMs: number;
  /** OK, or the name of the gRPC status that the call ended with. */
  outcome: string;
  /** Why it ended so. */
  message: string;
}

export type Audit = (entry: AuditEntry) => void;

/** Longer statements are cut in the log. */
const maxDetail = 4096;

/** Writes entries as lines of a log; what readers wrote is cut, and JSON's escapes keep it on its line. */
export function auditTo(log: { info: (message: string, values: Record<string, unknown>) => unknown }): Audit {
  return ({ call, reader, peer, probes, detail, rows, durationMs, outcome, message }) => {
    log.info('read', {
      call,
      user: reader?.username ?? '',
      userUid: reader?.uid ?? '',
      groups: reader?.groups ?? [],
      peer,
      probes,
      detail: detail.length > maxDetail ? `${detail.slice(0, maxDetail)}…` : detail,
      rows,
      durationMs: Math.round(durationMs),
      outcome,
      ...(message !== '' && { reason: message }),
    });
  };
}
