import type { FilterNode, PredicatePlan } from '../plan.ts';
import type { FilterSource } from './filterError.ts';
import type { FieldAllocator, FilterScope } from './scope.ts';

/** A filter, divided between those who can decide it. */
export interface CompiledFilter {
  /** Predicates of the entry program, where entry and return are paired. Empty: accepts everything. */
  entry: PredicatePlan[];
  /** Predicates of the program that records: the exit program of a pair, or the only one. */
  record: PredicatePlan[];
  /** What is left to the draining thread. Empty: accepts everything. */
  native: FilterNode[];
  /** For people: which part of the source runs where. */
  source: { kernel: string[]; native: string[] };
}

/**
 * Compiles filters, all of which must be true.
 * @param paired entry and return are two programs; otherwise `entry` stays empty.
 * @throws {FilterError} at the first thing that cannot be compiled.
 */
export function compileFilter(
  _sources: readonly FilterSource[],
  _scope: FilterScope,
  _fields: FieldAllocator,
  _options: { paired: boolean },
): CompiledFilter {
  throw new Error('not there yet');
}
