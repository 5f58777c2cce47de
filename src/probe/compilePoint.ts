import type { FieldPath, TraceProbePoint } from '../api/index.ts';
import { compileFilter } from './cel/compileFilter.ts';
import type { CompiledFilter } from './cel/compileFilter.ts';
import { FilterError } from './cel/filterError.ts';
import type { FilterSource } from './cel/filterError.ts';
import type { FieldAllocator, FilterScope } from './cel/scope.ts';
import { FieldTable } from './fieldTable.ts';
import type { FieldPlan, PointPlan, ProgramPlan } from './plan.ts';
import { defaultCaptures, explicitCaptures, noteUse } from './pointCaptures.ts';
import type { Capture } from './pointCaptures.ts';
import { pointScope } from './pointScope.ts';
import type { Hook, HookUses } from './resolve/hook.ts';
import type { KernelView } from './resolve/kernelView.ts';
import { FilterRefusedError, UnsupportedError } from './resolve/planError.ts';
import type { Place } from './resolve/planError.ts';
import { resolveHook } from './resolve/resolveHook.ts';
import type { BinaryLookup } from './resolve/resolveHook.ts';
import { NOT_USER } from './resolve/walkValue.ts';

export interface CompileOptions {
  /** Further filters that events must pass, e.g. of the command line. */
  filters?: readonly FilterSource[];
  /** Where the file of a uprobe lies on this host. Left out: where it says. */
  binary?: BinaryLookup;
}

/**
 * Compiles one point of a probe.
 * @param path of the point in the document
 * @throws {PlanError | ProbeRefusedError}
 */
export function compilePoint(
  point: TraceProbePoint,
  path: FieldPath,
  kernel: KernelView,
  options: CompileOptions = {},
): PointPlan {
  const hook = resolveHook(point, path, kernel, options.binary);
  const filter: Filter = {
    sources: [
      ...(point.filter === undefined ? [] : [{ text: point.filter, name: 'filter' }]),
      ...(options.filters ?? []),
    ],
    place: { path: [...path, 'filter'] },
  };
  const explicit = point.capture && explicitCaptures(point.capture, path, hook);
  const { captures, uses, notes } = whatIsUsed(explicit, filter, hook, kernel, path);
  const { programs, notes: programNotes } = hook.programs(uses, { path: [...path, 'attach'] });
  const paired = programs.some((program) => program.role === 'entry');

  const table = new FieldTable(filter.place);
  for (const { name, value, length, place } of captures) table.capture(name, value, length, place);
  const compiled = compile(filter, pointScope(captures, hook, kernel, table), table, paired);
  if (paired) refuseGoneMemory(table, hook);

  return {
    name: point.name,
    attach: point.attach,
    programs: programs.map((program): ProgramPlan => ({
      ...program,
      predicates: program.role === 'entry' ? compiled.entry : compiled.record,
      argumentCount: program.role === 'exit' ? 0 : argumentCount(table.fields),
      interrupts: hook.interrupts,
      ...(hook.interrupts && kernel.preemptCount !== undefined && { preemptCount: kernel.preemptCount }),
    })),
    fields: table.fields,
    columns: table.columns,
    nativeFilter: compiled.native,
    filterSource: compiled.source,
    large: table.large({ path: [...path, 'capture'] }),
    notes: [...hook.notes, ...programNotes, ...(paired ? memoryNote(table.fields) : []), ...notes],
  };
}

interface Filter {
  sources: FilterSource[];
  place: Place;
}

/**
 * Captures, and what they and the filter need of the hook. The filter is compiled here for its names only: what it
 * looks at decides which programs there are, and those decide how it is divided.
 */
function whatIsUsed(
  explicit: Capture[] | undefined,
  filter: Filter,
  hook: Hook,
  kernel: KernelView,
  path: FieldPath,
): { captures: Capture[]; uses: HookUses; notes: string[] } {
  const uses: HookUses = { args: false, retval: false, duration: false };
  const names = explicit ?? defaultCaptures(hook, uses, path).captures;
  const scratch = new FieldTable(filter.place);
  const scope = pointScope(names, hook, kernel, scratch, ({ value }) => {
    noteUse(uses, value.source);
  });
  compile(filter, scope, { predicateField: () => 0, column: () => 0 }, false);

  const { captures, left } = explicit ? { captures: explicit, left: 0 } : defaultCaptures(hook, uses, path);
  for (const { value, length } of captures) {
    noteUse(uses, value.value.source);
    if (length !== undefined) noteUse(uses, length.source);
  }
  const notes: string[] = [];
  if (left > 0) {
    const all = String(captures.length + left);
    notes.push(
      `of ${all} ${hook.values.noun}s the first ${String(captures.length)} are captured: list others under capture`,
    );
  }
  return { captures, uses, notes };
}

function compile(
  filter: Filter,
  scope: FilterScope,
  fields: FieldAllocator,
  paired: boolean,
): CompiledFilter {
  if (filter.sources.length === 0)
    return { entry: [], record: [], native: [], source: { kernel: [], native: [] } };
  try {
    return compileFilter(filter.sources, scope, fields, { paired });
  } catch (error) {
    if (error instanceof FilterError) throw new FilterRefusedError(filter.place, error);
    throw error;
  }
}

/** Arguments are remembered from the entry, what they point to is not. */
function memoryNote(fields: readonly FieldPlan[]): string[] {
  const read = fields.some(
    ({ kind, value }) =>
      value.source === 'argument' &&
      (value.size > 0 || value.steps.length > 0 || (kind !== 'integer' && kind !== 'none')),
  );
  return read ? ['what arguments point to (strings, members, buffers) is read when the call returns'] : [];
}

function argumentCount(fields: readonly FieldPlan[]): number {
  const numbers = fields.map(({ value }) => (value.source === 'argument' ? value.index + 1 : 0));
  return Math.max(0, ...numbers);
}

/** exec: at its return the memory that its arguments were in is gone. */
function refuseGoneMemory(table: FieldTable, hook: Hook): void {
  if (hook.memoryGoneAtReturn === undefined) return;
  const index = table.fields.findIndex((field) => field.user || field.value.userFrom !== NOT_USER);
  const place = table.places[index];
  if (place !== undefined) throw new UnsupportedError(place, 'execAtReturn', hook.memoryGoneAtReturn);
}
