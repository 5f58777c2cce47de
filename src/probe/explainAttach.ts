import type { TraceProbePoint } from '../api/index.ts';
import type { ColumnType } from './plan.ts';
import { naturalColumn } from './resolve/columnValue.ts';
import type { CType } from './resolve/cType.ts';
import type { Hook } from './resolve/hook.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { PlanError } from './resolve/planError.ts';
import { resolveHook } from './resolve/resolveHook.ts';
import type { BinaryLookup } from './resolve/resolveHook.ts';
import { parseValuePath } from './resolve/valuePath.ts';
import { walkValue } from './resolve/walkValue.ts';

/** One value of a hook, for people. */
export interface ExplainedValue {
  /** As captures and filters spell it, e.g. args.filename. */
  path: string;
  /** As C spells it. */
  cType: string;
  /** Column it becomes by itself; undefined: only its members do, or only with a type of its own. */
  columnType: ColumnType | undefined;
  /** Captured when a point does not say what to capture. */
  captured: boolean;
  /** Members of the structure that it is or leads to. */
  members: string[];
  /** Names of an enum's values. */
  names: Record<string, bigint>;
  /** Why it cannot be read, in words. */
  unreadable: string | undefined;
}

/** What `traceprobe explain ATTACH` shows. */
export interface ExplainedAttach {
  /** E.g. `system call openat`. */
  what: string;
  values: ExplainedValue[];
  /** Why there is no retval and duration, in words; undefined: there are. */
  withoutReturn: string | undefined;
  /** What this hook does not see. */
  notes: string[];
  /** Whether the function's result can be overridden; undefined: it is no function of the kernel, or not known. */
  overridable: boolean | undefined;
  /** Why it cannot be attached on this kernel with these capabilities; undefined: it can. */
  obstacle: string | undefined;
}

/**
 * Fields and limits of a place to attach to, on this kernel.
 * @throws {PlanError} when there is no such place
 */
export function explainAttach(
  point: Pick<TraceProbePoint, 'attach' | 'binary'>,
  kernel: KernelView,
  binary?: BinaryLookup,
): ExplainedAttach {
  const hook = resolveHook(point, [], kernel, binary);
  const { values } = hook;
  const { obstacle, notes } = tryPrograms(hook);
  const explained = values.args.map((argument, index) => {
    const path = argument.name === '' ? `args[${String(index)}]` : `args.${argument.name}`;
    const column = argument.unreadable === undefined ? columnOf(path, hook) : undefined;
    const captured = column !== undefined && argument.buffer !== true && !hook.returnOnly;
    return explain(path, argument.type, column, captured, argument.unreadable);
  });
  for (let index = values.args.length; index < values.untyped; index++) {
    const path = `args[${String(index)}]`;
    const column = columnOf(path, hook);
    explained.push({ ...explain(path, undefined, column, false), cType: 'unknown: set type' });
  }
  if (values.withoutReturn === undefined) {
    if (values.retval !== undefined) {
      explained.push(explain('retval', values.retval, columnOf('retval', hook), hook.atReturn));
    }
    explained.push({
      ...explain('duration', undefined, columnOf('duration', hook), false),
      cType: 'nanoseconds',
    });
  }
  return {
    what: values.what,
    values: explained,
    withoutReturn: values.withoutReturn,
    notes: [...hook.notes, ...notes],
    overridable: hook.function === undefined ? undefined : kernel.functions.find(hook.function)?.overridable,
    obstacle,
  };
}

type Column = ReturnType<typeof naturalColumn>;

function columnOf(path: string, hook: Hook): Column {
  const parts = parseValuePath(path)?.parts;
  return parts && naturalColumn(walkValue(parts, hook.values, { path: [] }));
}

function explain(
  path: string,
  type: CType | undefined,
  column: Column,
  captured: boolean,
  unreadable?: string,
): ExplainedValue {
  const struct = type?.kind === 'pointer' ? type.target : type;
  return {
    path,
    cType: type?.text ?? '',
    columnType: column?.type,
    captured,
    members: struct?.kind === 'struct' ? struct.members.map(({ name }) => name) : [],
    names: column?.names ?? {},
    unreadable,
  };
}

/** Whether the hook can be attached as it is, and how entry and return of it are seen. */
function tryPrograms(hook: Hook): { obstacle: string | undefined; notes: string[] } {
  const paired = hook.values.withoutReturn === undefined;
  const uses = { args: false, retval: hook.atReturn, duration: false };
  try {
    hook.programs(uses, { path: [] });
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return { obstacle: error.message, notes: [] };
  }
  if (!paired) return { obstacle: undefined, notes: [] };
  try {
    const { notes } = hook.programs({ ...uses, retval: true, duration: true }, { path: [] });
    return { obstacle: undefined, notes: notes.map((note) => `with retval or duration: ${note}`) };
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return { obstacle: undefined, notes: [error.message] };
  }
}
