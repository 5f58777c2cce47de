import type { PathPattern } from './delayedUnlink/pathPattern.ts';

/**
 * A load plan: what a TraceProbe becomes on this kernel. A plain value that can be printed, compared and tested;
 * src/agent applies it, native/capture decodes the records it describes.
 */

/** Column types of a TraceProbe, whatever the kernel's C type is. */
export type ColumnType =
  'Int64' | 'Uint64' | 'Float64' | 'Bool' | 'String' | 'Bytes' | 'Duration' | 'Ip' | 'Path';

/** tp_value.source, by name. */
export type ValueSource =
  | 'none'
  | 'argument'
  | 'context'
  | 'contextAddress'
  | 'dataLoc'
  | 'return'
  | 'duration'
  | 'pid'
  | 'tid'
  | 'ppid'
  | 'uid'
  | 'gid'
  | 'comm'
  | 'task'
  | 'relLoc';

/** How a program gets one 64-bit value: see struct tp_value in bpf/include/traceprobe.h. */
export interface ValuePlan {
  source: ValueSource;
  /** Number of the argument, for source 'argument'. */
  index: number;
  /** Byte offsets of the pointers followed, at most 4. */
  steps: number[];
  /** Number of the read from which on memory is user memory (steps.length: the final one); 255: none. */
  userFrom: number;
  /** Bytes of the final load at `offset`; 0: the value is the address itself. */
  size: 0 | 1 | 2 | 4 | 8;
  offset: number;
  /** Bit field: first bit and number of bits; bits 0: all. */
  shift: number;
  bits: number;
  signed: boolean;
  /** In network order: so many bytes of the value are turned round, last of all. Left out: none. */
  swapped?: 2 | 4 | 8;
}

/** tp_field.kind, by name. */
export type FieldKind = 'none' | 'integer' | 'string' | 'bytes' | 'strv' | 'path' | 'dentry' | 'sockaddr';

export interface FieldPlan {
  value: ValuePlan;
  kind: FieldKind;
  /** Loaded before the predicates run. */
  early: boolean;
  /** The string or buffer itself lies in user memory. */
  user: boolean;
  /** Index of the field that holds the length, for kind 'bytes'. */
  lengthField: number | undefined;
  maxBytes: number;
}

export type PredicateOp =
  | 'equal'
  | 'lessSigned'
  | 'lessUnsigned'
  | 'greaterSigned'
  | 'greaterUnsigned'
  | 'hasBits'
  | 'stringEqual'
  | 'stringPrefix'
  | 'true'
  | 'notEqual'
  | 'stringNotEqual'
  | 'lessEqualSigned'
  | 'lessEqualUnsigned'
  | 'greaterEqualSigned'
  | 'greaterEqualUnsigned';

/** One comparison; targets are the index of a later predicate, 255 (accept) or 254 (reject). */
export interface PredicatePlan {
  op: PredicateOp;
  field: number;
  onTrue: number;
  onFalse: number;
  /** 64 bits, two's complement. */
  immediate: bigint;
  /** For string operations: the bytes compared (a NUL is added for equality). */
  string: Uint8Array | undefined;
}

/** Where a program is attached. */
export type Hook =
  | { type: 'tracepoint'; category: string; name: string }
  | { type: 'rawTracepoint'; name: string }
  | { type: 'kprobe' | 'kretprobe'; function: string }
  | { type: 'ksyscall' | 'kretsyscall'; syscall: string }
  | { type: 'fentry' | 'fexit'; function: string }
  | { type: 'lsm'; hook: string }
  | { type: 'uprobe' | 'uretprobe'; path: string; symbol: string }
  /** Nowhere: the agent itself tells events (Host.report). */
  | { type: 'report' };

/** Which generic program (a file in bpf/) and which of its hooks. */
export interface ProgramPlan {
  /** Name of the object, e.g. 'tracepoint' for tracepoint.bpf.o. */
  object: string;
  /** Name of the program in it, e.g. 'single' or 'enter'. */
  program: string;
  /** single: one program does all. entry remembers the call, exit pairs with it and records. */
  role: 'single' | 'entry' | 'exit';
  hook: Hook;
  /** Index in PointPlan.fields of what this program needs is always the whole list; predicates differ by role. */
  predicates: PredicatePlan[];
  /** Arguments to fetch from the hook. */
  argumentCount: number;
  /** The hook can run in interrupt context. */
  interrupts: boolean;
  /** Tells then which one; left out: it cannot be told. */
  preemptCount?: PreemptCount;
}

/** Where a kernel has a CPU's preempt_count: so many bytes from the CPU's runqueue or the current task. */
export interface PreemptCount {
  base: 'runqueue' | 'task';
  offset: number;
}

/** One column of the point's events, beside those that every event has. */
export interface ColumnPlan {
  name: string;
  type: ColumnType;
  /** Index in PointPlan.fields. */
  field: number;
  /** false: captured only because the native remainder of the filter needs it. */
  visible: boolean;
  /** Names of an enum's values, by the value: shown instead of the number. */
  enumNames?: Record<string, string>;
}

/**
 * Native remainder of the filter, in postfix order. Evaluated by native/common/filter.cc on a record; what it means
 * is said in src/probe/cel/term.ts and by src/probe/cel/evaluate.ts, the reference. Integers are mathematical:
 * whatever a column's sign, they compare and calculate as the numbers they are, from -2^63 to 2^64-1.
 */
export type FilterNode =
  /** Pushes a column (index in PointPlan.columns) or a value that every event has. */
  | { op: 'column'; index: number }
  | { op: 'builtin'; name: 'pid' | 'tid' | 'ppid' | 'uid' | 'gid' | 'comm' | 'context' | 'node' }
  | { op: 'builtin'; name: 'namespace' | 'pod' | 'container' }
  | { op: 'integer'; value: bigint }
  | { op: 'double'; value: number }
  | { op: 'bool'; value: boolean }
  /** UTF-8; addresses in the text that inet_ntop() makes, as Ip columns have them. */
  | { op: 'string'; value: Uint8Array }
  /** Pops operands, pushes the result. Durations are integers, in nanoseconds. */
  | { op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'add' | 'sub' | 'mul' | 'div' | 'mod' }
  | { op: 'and' | 'or' | 'not' | 'negate' | 'conditional' }
  /** hasFlags pops a value and the flags that must all be set in it. */
  | { op: 'contains' | 'startsWith' | 'endsWith' | 'size' | 'hasFlags' | 'toDouble' }
  /** Pops a string; `pattern` is RE2, compiled once. */
  | { op: 'matches'; pattern: string }
  /** Pops one value, true when it equals one of the list. */
  | { op: 'in'; values: (bigint | Uint8Array)[] };

export interface PointPlan {
  name: string;
  /** spec.points[].attach as written. */
  attach: string;
  programs: ProgramPlan[];
  fields: FieldPlan[];
  columns: ColumnPlan[];
  nativeFilter: FilterNode[];
  /** For people: which parts of the filter run in the kernel, which on the draining thread. */
  filterSource: { kernel: string[]; native: string[] };
  /** The point needs the large scratch slots. */
  large: boolean;
  /** What this hook does not see, or how its fallback differs (for `check`, `explain` and status). */
  notes: string[];
}

/** How a file that is about to be deleted is kept. */
export type UnlinkMode = 'Hold' | 'Observe';

/** What a probe of kind delayedUnlink does on this kernel; its events are those of its one point. */
export interface DelayedUnlinkPlan {
  patterns: PathPattern[];
  /** The notes of the log shipper; undefined: the time limit alone decides. */
  positions: { format: PositionsFormat; path: string } | undefined;
  maxDelayMilliseconds: number;
  maxHeldBytes: bigint;
  maxHeldFiles: number;
  minFreeDiskPercent: number;
  mode: UnlinkMode;
}

export type PositionsFormat = 'Fluentd' | 'FluentBit' | 'Promtail' | 'Vector' | 'OtelCol';

export interface ProbePlan {
  name: string;
  uid: string;
  generation: bigint;
  /** Events a second a node, over all points. 0: unlimited. */
  rate: number;
  /** Detached above this share of one CPU, in percent. */
  cpuPercent: number;
  points: PointPlan[];
  builtin: 'processes' | undefined;
  delayedUnlink?: DelayedUnlinkPlan;
}
