import { BpfError, VerifierError } from '../bpf/index.ts';
import { PlanError, ProbeRefusedError, type PlanErrorReason } from '../probe/resolve/planError.ts';

/** Why a probe does not run on this node. */
export interface ProbeFailure {
  /** Unsupported: this kernel or this agent lacks something, and trying again will not help. */
  state: 'Failed' | 'Unsupported';
  /** For machines. */
  reason: string;
  /** For people, at most 1 KiB of UTF-8. */
  message: string;
}

const planReasons: Record<PlanErrorReason, Pick<ProbeFailure, 'state' | 'reason'>> = {
  BadPath: { state: 'Failed', reason: 'BadPath' },
  BadAttach: { state: 'Failed', reason: 'BadAttach' },
  UnknownTracepoint: { state: 'Failed', reason: 'SymbolNotFound' },
  UnknownSyscall: { state: 'Failed', reason: 'SymbolNotFound' },
  UnknownFunction: { state: 'Failed', reason: 'SymbolNotFound' },
  UnknownSymbol: { state: 'Failed', reason: 'SymbolNotFound' },
  CannotProbe: { state: 'Unsupported', reason: 'CannotProbe' },
  UnknownField: { state: 'Failed', reason: 'FieldNotFound' },
  NotAPointer: { state: 'Failed', reason: 'FieldNotFound' },
  BinaryUnreadable: { state: 'Failed', reason: 'BinaryUnreadable' },
  TypeConflict: { state: 'Failed', reason: 'TypeConflict' },
  Unsupported: { state: 'Unsupported', reason: 'UnsupportedHook' },
  TooManyFields: { state: 'Failed', reason: 'TooManyFields' },
  TooLarge: { state: 'Failed', reason: 'TooLarge' },
  Filter: { state: 'Failed', reason: 'FilterRefused' },
};

/** What an error of planning or loading a probe says to the status. */
export function failureOf(error: unknown): ProbeFailure {
  if (error instanceof ProbeRefusedError) {
    const first = error.faults[0];
    return { ...(first === undefined ? other : planReasons[first.reason]), message: shorten(error.message) };
  }
  if (error instanceof PlanError) return { ...planReasons[error.reason], message: shorten(error.message) };
  if (error instanceof VerifierError) {
    return { state: 'Failed', reason: 'VerifierRefused', message: shorten(error.message) };
  }
  if (error instanceof BpfError) {
    const denied = error.errnoName === 'EPERM' || error.errnoName === 'EACCES';
    return {
      state: 'Failed',
      reason: denied ? 'NotPermitted' : 'LoadFailed',
      message: shorten(error.message),
    };
  }
  return { ...other, message: shorten(error instanceof Error ? error.message : String(error)) };
}

const other = { state: 'Failed', reason: 'LoadFailed' } as const;
const mostBytes = 1024;

/** The beginning of a message, at most 1 KiB of whole characters. */
export function shorten(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= mostBytes) return message;
  const ellipsis = '…';
  let end = mostBytes - Buffer.byteLength(ellipsis);
  // Not inside a character: its further bytes begin with the bits 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + ellipsis;
}
