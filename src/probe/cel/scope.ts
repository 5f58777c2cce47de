import type { ColumnType } from '../plan.ts';

/**
 * What the filter compiler asks of its surroundings: what a name stands for at this hook on this kernel, and
 * where the values it decided to use are found at run time.
 */

/** What every event has, whatever the point captures; the last three are k8s.namespace, k8s.pod, k8s.container. */
export type FilterBuiltin =
  'pid' | 'tid' | 'ppid' | 'uid' | 'gid' | 'comm' | 'context' | 'node' | 'namespace' | 'pod' | 'container';

/** A chain such as args.iov[0].base: ['args', 'iov', 0, 'base']. The first part is always a name. */
export type FilterPath = readonly [string, ...(string | number)[]];

/** One value that a filter looks at. */
export interface FilterOperand {
  /** Two operands of one key are the same value and are loaded once. */
  key: string;
  type: ColumnType;
  /**
   * A predicate in the kernel can load it: an integer (Int64, Uint64, Duration, Bool), or the address of a
   * NUL-terminated string (String). Everything else is left to the draining thread.
   */
  kernel: boolean;
  /** String, Path, Bytes: most bytes of content captured, a terminating NUL not counted. Otherwise 0. */
  maxBytes: number;
  /**
   * A longer value is cut at maxBytes, and raising the capture's maxBytes would help. False: the value is never
   * longer and its NUL always follows, as with comm.
   */
  cut: boolean;
  /**
   * For hooks that pair entry and return: whether the entry program may already decide by it. Say 'exit' for
   * retval and duration, and for what the call itself may change or fault in, such as strings in user memory.
   * Of no effect where one program does all.
   */
  available: 'entry' | 'exit';
  /** Names of an enum's values; a filter may compare with them. */
  enumerators?: Readonly<Record<string, bigint>>;
  /** Set by the compiler alone: the value is one that every event has. `scope.resolve` is not asked for it. */
  builtin?: FilterBuiltin;
}

/** Names at one point. */
export interface FilterScope {
  /**
   * What a name or chain stands for: a captured column, retval, duration, args.….
   * @throws {UnresolvedName} with the part of the path that is wrong.
   */
  resolve(path: FilterPath): FilterOperand;
  /** Names that a chain may begin with, to offer the nearest of them. */
  names: readonly string[];
  /** Constants such as O_DIRECTORY differ. */
  architecture: 'x64' | 'arm64';
  /** What the traced call changes before it returns, such as comm in execve: decided at the exit. */
  changedByCall?: ReadonlySet<FilterBuiltin>;
}

/** Where values are found at run time. Asked once the whole filter is checked, only for what it uses. */
export interface FieldAllocator {
  /**
   * Index in PointPlan.fields of a value that a predicate needs, loaded early. Also for builtins (pid, tid, ppid,
   * uid, gid and comm), whose ValuePlan.source has their name.
   * @throws {UnresolvedName} when no field is left (part 0).
   */
  predicateField(operand: FilterOperand): number;
  /**
   * Index in PointPlan.columns of a recorded value that the draining thread needs, an invisible column if
   * nothing visible has it. Never asked for builtins.
   */
  column(operand: FilterOperand): number;
}

/** A name that means nothing here. The compiler turns it into a FilterError with its column. */
export class UnresolvedName extends Error {
  override readonly name = 'UnresolvedName';
  /** Index of the part of the path that is wrong. */
  readonly part: number;
  /** What to write instead, when something can be said. */
  readonly hint: string | undefined;

  constructor(message: string, part: number, hint?: string) {
    super(message);
    this.part = part;
    this.hint = hint;
  }
}
