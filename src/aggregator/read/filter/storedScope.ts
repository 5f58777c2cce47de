import { UnresolvedName, type FilterOperand, type FilterScope } from '../../../probe/cel/scope.ts';
import type { ColumnType } from '../../../probe/plan.ts';

/** A column that filters may name. */
export interface ScopeColumn {
  name: string;
  type: ColumnType;
  /** Names of an enum's values, by the value in decimal. */
  enumNames?: Readonly<Record<string, string>>;
}

/** The longest that a capture can ask for is 64 KiB: stored strings are compared as they are. */
const maxBytes = 64 << 10;

/** What names stand for in filters of readers: the columns of a point as they are stored, and what every event has. */
export function storedScope(
  columns: readonly ScopeColumn[],
  architecture: FilterScope['architecture'],
): FilterScope {
  const names = columns.map(({ name }) => name);
  return {
    names,
    architecture,
    resolve([root, ...members]): FilterOperand {
      const column = columns.find(({ name }) => name === root);
      if (column === undefined) {
        const hint = ['args', 'retval', 'duration'].includes(root)
          ? `only what was captured is stored: ${names.length > 0 ? names.join(', ') : 'nothing of this point’s own'}`
          : undefined;
        throw new UnresolvedName(`there is no ${root}`, 0, hint);
      }
      if (members.length > 0) {
        throw new UnresolvedName(`${root} is a stored value of type ${column.type}, which has no members`, 1);
      }
      const { type, enumNames = {} } = column;
      return {
        key: root,
        type,
        kernel: false,
        maxBytes,
        cut: false,
        available: 'exit',
        ...(Object.keys(enumNames).length > 0 && { enumerators: enumeratorsOf(enumNames) }),
      };
    },
  };
}

function enumeratorsOf(names: Readonly<Record<string, string>>): Record<string, bigint> {
  return Object.fromEntries(Object.entries(names).map(([value, name]) => [name, BigInt(value)]));
}
