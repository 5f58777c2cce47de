import type { FilterOperand, FilterPath, FilterScope } from './cel/scope.ts';
import { UnresolvedName } from './cel/scope.ts';
import type { FieldTable } from './fieldTable.ts';
import type { Capture } from './pointCaptures.ts';
import { naturalColumn } from './resolve/columnValue.ts';
import type { ColumnValue } from './resolve/columnValue.ts';
import { aType } from './resolve/cType.ts';
import type { Hook } from './resolve/hook.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { PlanError } from './resolve/planError.ts';
import { formatValuePath } from './resolve/valuePath.ts';
import { rootNames, walkValue } from './resolve/walkValue.ts';

/**
 * What names in a point's filter stand for: its captured columns, args, retval, duration.
 * @param seen told of every value that the filter looks at
 */
export function pointScope(
  captures: readonly Capture[],
  hook: Hook,
  kernel: Pick<KernelView, 'architecture'>,
  table: FieldTable,
  seen: (value: ColumnValue) => void = () => undefined,
): FilterScope {
  const columns = new Map(captures.map((capture) => [capture.name, capture.value]));
  return {
    // retval and duration always: where there is none, resolve() says why.
    names: [...new Set([...columns.keys(), ...rootNames(hook.values), 'retval', 'duration'])],
    architecture: kernel.architecture,
    ...(hook.changedByCall && { changedByCall: hook.changedByCall }),
    resolve(path) {
      const value = valueOf(path, columns, hook);
      seen(value);
      return table.operand(value, availability(value));
    },
  };
}

function valueOf(path: FilterPath, columns: ReadonlyMap<string, ColumnValue>, hook: Hook): ColumnValue {
  const [root] = path;
  const column = columns.get(root);
  if (column !== undefined) {
    if (path.length === 1) return column;
    throw new UnresolvedName(
      `${root} is a captured value of type ${column.type}, which has no members`,
      1,
      `members are reached from the argument: args.NAME.${String(path[1])}`,
    );
  }
  try {
    const at = walkValue(path, hook.values, { path: [] });
    const value = naturalColumn(at);
    if (value !== undefined) return value;
    const text = formatValuePath(path);
    throw new UnresolvedName(
      `${text} is ${aType(at.type)}, which is no value by itself`,
      path.length - 1,
      at.type.kind === 'pointer' || at.type.kind === 'struct' ? `look at a member: ${text}.NAME` : undefined,
    );
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const argument = hook.values.args.some(({ name }) => name === root);
    const other = argument ? `${root} is not captured: write args.${formatValuePath(path)}` : undefined;
    // Only with a hint does the compiler keep the message, which says why there is none.
    const none =
      root === 'retval' || root === 'duration'
        ? `there are: ${rootNames(hook.values).join(', ')}`
        : undefined;
    throw new UnresolvedName(error.message, error.part ?? 0, other ?? none);
  }
}

/** Only what is in registers is the same at entry and return; memory may be changed, or not yet paged in. */
function availability({ kind, value }: ColumnValue): FilterOperand['available'] {
  const atReturn = value.source === 'return' || value.source === 'duration';
  const readsMemory = kind !== 'integer' || value.steps.length > 0 || value.size > 0;
  return atReturn || readsMemory ? 'exit' : 'entry';
}
