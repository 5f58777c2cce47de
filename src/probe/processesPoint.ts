import { compileFilter } from './cel/compileFilter.ts';
import { FilterError } from './cel/filterError.ts';
import type { FilterSource } from './cel/filterError.ts';
import { UnresolvedName } from './cel/scope.ts';
import type { FieldAllocator, FilterOperand } from './cel/scope.ts';
import type { ColumnType, FieldKind, FilterNode, PointPlan, ProgramPlan } from './plan.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { FilterRefusedError } from './resolve/planError.ts';
import type { Place } from './resolve/planError.ts';
import { requireFeature } from './resolve/requireFeature.ts';
import { wholeValue } from './resolve/valuePlan.ts';

interface ProcessesColumn {
  name: string;
  type: ColumnType;
  kind: FieldKind;
  maxBytes: number;
}

/** The words that bpf/processes.bpf.c writes (enum word), in its order. Its programs know themselves how. */
const COLUMNS: readonly ProcessesColumn[] = [
  { name: 'kind', type: 'String', kind: 'string', maxBytes: 4 },
  { name: 'filename', type: 'String', kind: 'string', maxBytes: 4096 },
  { name: 'args', type: 'String', kind: 'strv', maxBytes: 65536 },
  { name: 'argc', type: 'Int64', kind: 'integer', maxBytes: 0 },
  { name: 'exit_code', type: 'Int64', kind: 'integer', maxBytes: 0 },
  { name: 'signal', type: 'Int64', kind: 'integer', maxBytes: 0 },
  { name: 'lifetime', type: 'Duration', kind: 'integer', maxBytes: 0 },
];

/**
 * The built-in `processes`: every exec with its arguments, every exit with code, signal and lifetime. What an exec
 * or an exit does not have could "not be read" in its record.
 * @param filters decided by the draining thread
 * @throws {PlanError}
 */
export function processesPoint(kernel: KernelView, filters: readonly FilterSource[] = []): PointPlan {
  const place: Place = { path: ['spec', 'builtin', 'name'] };
  requireFeature('rawTracepoint', 'builtin processes', kernel, place);
  const filter = nativeFilter(filters, kernel, place);
  return {
    name: 'processes',
    attach: 'builtin/processes',
    programs: [program('exec', 'sched_process_exec'), program('leave', 'sched_process_exit')],
    fields: COLUMNS.map(({ kind, maxBytes }) => ({
      value: wholeValue('none', false),
      kind,
      early: false,
      user: false,
      lengthField: undefined,
      maxBytes,
    })),
    columns: COLUMNS.map(({ name, type }, field) => ({ name, type, field, visible: true })),
    nativeFilter: filter.nodes,
    filterSource: { kernel: [], native: filter.source },
    large: true,
    notes: [
      'args is the whole command line of the new program, up to 64 KiB',
      'a process is over when its last thread is: exits of single threads are not recorded',
    ],
  };
}

function program(name: string, tracepoint: string): ProgramPlan {
  return {
    object: 'processes',
    program: name,
    role: 'single',
    hook: { type: 'rawTracepoint', name: tracepoint },
    predicates: [],
    argumentCount: 0,
    interrupts: false,
  };
}

function nativeFilter(
  filters: readonly FilterSource[],
  kernel: Pick<KernelView, 'architecture'>,
  place: Place,
): { nodes: FilterNode[]; source: string[] } {
  if (filters.length === 0) return { nodes: [], source: [] };
  const scope = {
    names: COLUMNS.map(({ name }) => name),
    architecture: kernel.architecture,
    resolve([root, ...rest]: readonly (string | number)[]): FilterOperand {
      const column = COLUMNS.find(({ name }) => name === root);
      if (column === undefined) throw new UnresolvedName(`processes has no column ${String(root)}`, 0);
      if (rest.length > 0)
        throw new UnresolvedName(`${column.name} is a ${column.type}, which has no members`, 1);
      const { name, type, maxBytes } = column;
      return { key: name, type, kernel: false, maxBytes, cut: maxBytes > 4, available: 'exit' };
    },
  };
  const fields: FieldAllocator = {
    predicateField: () => 0,
    column: ({ key }) => COLUMNS.findIndex(({ name }) => name === key),
  };
  try {
    const { native, source } = compileFilter(filters, scope, fields, { paired: false, kernel: false });
    return { nodes: native, source: source.native };
  } catch (error) {
    if (error instanceof FilterError) throw new FilterRefusedError(place, error);
    throw error;
  }
}
