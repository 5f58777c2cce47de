import { errnoHint } from './errnoHint.ts';

/** What the addon tells of a refused system call or libbpf call. */
export interface BpfErrorFields {
  /** What was tried, on which value: "pin map 'counts' to /sys/fs/bpf/x". */
  attempted: string;
  /** The errno, positive; 4000 and up are libbpf's own (libbpf.h, enum libbpf_errno). */
  errno: number;
  /** Its name: "EPERM"; of libbpf's own without the prefix: "FORMAT". */
  errnoName: string;
  /** What the C library or libbpf calls it: "Operation not permitted". */
  errnoText: string;
  /** The warnings that libbpf printed meanwhile, one line or more each. */
  details?: readonly string[];
}

/** A BPF system call or libbpf call that failed: what was tried, why it was refused, and what usually helps. */
export class BpfError extends Error {
  override readonly name: string = 'BpfError';
  readonly attempted: string;
  readonly errno: number;
  readonly errnoName: string;
  readonly details: readonly string[];
  /** What usually causes this errno and what to do; undefined for errnos without a usual cause. */
  readonly hint: string | undefined;

  constructor(fields: BpfErrorFields, message?: string) {
    const hint = errnoHint(fields.errnoName, fields.attempted);
    const details = fields.details ?? [];
    super(
      message ??
        `cannot ${fields.attempted}: ${fields.errnoText} (${fields.errnoName})` +
          (details.length > 0 ? `; ${details.join('; ')}` : '') +
          (hint === undefined ? '' : `. Hint: ${hint}`),
    );
    this.attempted = fields.attempted;
    this.errno = fields.errno;
    this.errnoName = fields.errnoName;
    this.details = details;
    this.hint = hint;
  }
}
