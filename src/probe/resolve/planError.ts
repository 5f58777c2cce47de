import { formatPath, nearestNames } from '../../api/index.ts';
import type { FieldPath } from '../../api/index.ts';

/** Machine-readable reasons, for status and tests. */
export type PlanErrorReason =
  | 'BadAttach'
  | 'UnknownTracepoint'
  | 'UnknownSyscall'
  | 'UnknownFunction'
  | 'CannotProbe'
  | 'UnknownField'
  | 'UnknownSymbol'
  | 'BinaryUnreadable'
  | 'NotAPointer'
  | 'BadPath'
  | 'TypeConflict'
  | 'Unsupported'
  | 'TooManyFields'
  | 'TooLarge'
  | 'Filter';

/** Where in a document something is wrong. */
export interface Place {
  /** Such as ['spec', 'points', 0, 'capture', 1, 'value']. */
  path: FieldPath;
  /** Of a value path written there: where each of its parts begins, in UTF-16 code units from 0. */
  offsets?: readonly number[];
}

/**
 * Why this kernel cannot run a probe as written. `path` is the place in the document (src/api's Locate turns it
 * into file and line); the message is for people and complete without it.
 */
export class PlanError extends Error {
  override readonly name: string = 'PlanError';
  readonly reason: PlanErrorReason;
  readonly path: FieldPath;
  /** Of a value path such as args.file.f_pth: which part is wrong (2 here). */
  readonly part: number | undefined;
  /** Where that part begins in the value at `path`, in UTF-16 code units from 0. */
  readonly offset: number | undefined;

  constructor(reason: PlanErrorReason, place: Place, message: string, part?: number) {
    super(message);
    this.reason = reason;
    this.path = place.path;
    this.part = part;
    this.offset = part === undefined ? undefined : place.offsets?.[part];
  }
}

/** attach is no TYPE/TARGET. */
export class BadAttachError extends PlanError {
  override readonly name = 'BadAttachError';
  constructor(place: Place, message: string) {
    super('BadAttach', place, message);
  }
}

/** No such name here; says which there are that may have been meant. */
abstract class UnknownNameError extends PlanError {
  /** Names that may have been meant, spelt as they are to be written. */
  readonly nearest: string[];
  constructor(
    reason: PlanErrorReason,
    place: Place,
    message: string,
    wanted: string,
    existing: Iterable<string>,
  ) {
    const nearest = nearestNames(wanted, existing);
    super(reason, place, message + didYouMean(nearest));
    this.nearest = nearest;
  }
}

/** No tracepoint or system call of that name on this kernel. */
export class UnknownTracepointError extends UnknownNameError {
  override readonly name = 'UnknownTracepointError';
  constructor(place: Place, message: string, wanted: string, existing: Iterable<string>) {
    super('UnknownTracepoint', place, message, wanted, existing);
  }
}

/** No such system call on this kernel. */
export class UnknownSyscallError extends UnknownNameError {
  override readonly name = 'UnknownSyscallError';
  constructor(place: Place, message: string, wanted: string, existing: Iterable<string>) {
    super('UnknownSyscall', place, message, wanted, existing);
  }
}

/** No such function in this kernel. */
export class UnknownFunctionError extends UnknownNameError {
  override readonly name = 'UnknownFunctionError';
  constructor(place: Place, message: string, wanted: string, existing: Iterable<string>) {
    super('UnknownFunction', place, message, wanted, existing);
  }
}

/** The function exists, but this kind of probe cannot be attached to it. */
export class CannotProbeError extends PlanError {
  override readonly name = 'CannotProbeError';
  constructor(place: Place, message: string) {
    super('CannotProbe', place, message);
  }
}

/** No such argument, field or member; says which there are. */
export class UnknownFieldError extends PlanError {
  override readonly name = 'UnknownFieldError';
  /** All that exist there. */
  readonly existing: string[];
  constructor(place: Place, message: string, wanted: string, existing: string[], part?: number) {
    const nearest = nearestNames(wanted, existing, 3);
    super('UnknownField', place, message + didYouMean(nearest) + listed(existing, nearest.length > 0), part);
    this.existing = existing;
  }
}

/** No such symbol in the program or library of a uprobe. */
export class UnknownSymbolError extends UnknownNameError {
  override readonly name = 'UnknownSymbolError';
  constructor(place: Place, message: string, wanted: string, existing: Iterable<string>) {
    super('UnknownSymbol', place, message, wanted, existing);
  }
}

/** The program or library of a uprobe cannot be read, or is none. */
export class BinaryUnreadableError extends PlanError {
  override readonly name = 'BinaryUnreadableError';
  constructor(place: Place, message: string) {
    super('BinaryUnreadable', place, message);
  }
}

/** A path pattern that cannot be watched. */
export class BadPathError extends PlanError {
  override readonly name = 'BadPathError';
  constructor(place: Place, message: string) {
    super('BadPath', place, message);
  }
}

/** '.' or '[]' behind something that has no members. */
export class NotAPointerError extends PlanError {
  override readonly name = 'NotAPointerError';
  constructor(place: Place, message: string, part?: number) {
    super('NotAPointer', place, message, part);
  }
}

/** The type asked for does not fit the kernel's C type. */
export class TypeConflictError extends PlanError {
  override readonly name = 'TypeConflictError';
  constructor(place: Place, message: string, part?: number) {
    super('TypeConflict', place, message, part);
  }
}

/** This kernel, or this version of TraceProbe, lacks something. */
export class UnsupportedError extends PlanError {
  override readonly name = 'UnsupportedError';
  /** What is lacking, e.g. 'fexit'. */
  readonly feature: string;
  constructor(place: Place, feature: string, message: string, part?: number) {
    super('Unsupported', place, message, part);
    this.feature = feature;
  }
}

/** More values than one program can load. */
export class TooManyFieldsError extends PlanError {
  override readonly name = 'TooManyFieldsError';
  constructor(place: Place, message: string) {
    super('TooManyFields', place, message);
  }
}

/** Strings and buffers of a point do not fit one record. */
export class TooLargeError extends PlanError {
  override readonly name = 'TooLargeError';
  constructor(place: Place, message: string) {
    super('TooLarge', place, message);
  }
}

/** The filter was refused; the cause is the filter compiler's error. */
export class FilterRefusedError extends PlanError {
  override readonly name = 'FilterRefusedError';
  constructor(place: Place, cause: Error) {
    super('Filter', place, cause.message);
    this.cause = cause;
  }
}

/** Everything that is wrong with one probe on this kernel; thrown by compileProbe. */
export class ProbeRefusedError extends Error {
  override readonly name = 'ProbeRefusedError';
  /** In the order of the document, at least one. */
  readonly faults: PlanError[];
  constructor(faults: PlanError[]) {
    super(faults.map((fault) => `${formatPath(fault.path)}: ${fault.message}`).join('\n'));
    this.faults = faults;
  }
}

function didYouMean(nearest: string[]): string {
  if (nearest.length === 0) return '';
  if (nearest.length === 1) return `; did you mean ${nearest.join('')}?`;
  return `; did you mean ${nearest.slice(0, -1).join(', ')} or ${nearest.at(-1) ?? ''}?`;
}

/** Most structures of the kernel have fewer members than this; the rest is cut. */
const MAX_LISTED = 40;

/** After a question mark a new sentence begins by itself. */
function listed(existing: string[], asked: boolean): string {
  if (existing.length === 0) return '';
  const rest = existing.length > MAX_LISTED ? `, … (${String(existing.length)} in all)` : '';
  return `${asked ? '' : '.'} There are: ${existing.slice(0, MAX_LISTED).join(', ')}${rest}`;
}
