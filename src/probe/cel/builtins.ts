import type { ColumnType } from '../plan.ts';
import type { FilterBuiltin, FilterOperand, FilterPath, FilterScope } from './scope.ts';

interface Builtin {
  builtin: FilterBuiltin;
  type: ColumnType;
  /** Known to the program in the kernel. */
  kernel: boolean;
  maxBytes: number;
}

/** comm is 16 bytes with its NUL; Kubernetes' names are DNS names of at most 253. */
const builtins = new Map<string, Builtin>([
  ...(['pid', 'tid', 'ppid', 'uid', 'gid'] as const).map(
    (name) => [name, { builtin: name, type: 'Uint64', kernel: true, maxBytes: 0 }] as const,
  ),
  ['comm', { builtin: 'comm', type: 'String', kernel: true, maxBytes: 15 }] as const,
  ['context', { builtin: 'context', type: 'String', kernel: false, maxBytes: 9 }] as const,
  ['node', { builtin: 'node', type: 'String', kernel: false, maxBytes: 253 }] as const,
  ...(['namespace', 'pod', 'container'] as const).map(
    (name) => [`k8s.${name}`, { builtin: name, type: 'String', kernel: false, maxBytes: 253 }] as const,
  ),
]);

/** The names, as they are written. */
export const BUILTIN_NAMES: readonly string[] = [...builtins.keys()];

/** The value of that name that every event has; undefined when there is none. */
export function builtinOperand(path: FilterPath, scope: FilterScope): FilterOperand | undefined {
  const name = path.join('.');
  const found = builtins.get(name);
  if (!found) return undefined;
  return {
    key: name,
    type: found.type,
    kernel: found.kernel,
    maxBytes: found.maxBytes,
    cut: false,
    available: scope.changedByCall?.has(found.builtin) === true ? 'exit' : 'entry',
    builtin: found.builtin,
  };
}
