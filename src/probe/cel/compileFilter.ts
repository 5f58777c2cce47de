import type { FilterNode, PredicatePlan } from '../plan.ts';
import { FilterError } from './filterError.ts';
import type { FilterSource } from './filterError.ts';
import { filterConjuncts } from './filterConjuncts.ts';
import type { Conjunct } from './filterConjuncts.ts';
import { kernelPredicates, MAX_PREDICATES, predicateCount } from './kernelPredicates.ts';
import { MAX_STACK, nativeFilter, stackDepth } from './nativeFilter.ts';
import { UnresolvedName } from './scope.ts';
import type { FieldAllocator, FilterOperand, FilterScope } from './scope.ts';
import { operandsIn } from './term.ts';
import type { Term } from './term.ts';

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
 * Compiles filters, all of which must be true: each condition that the outermost && join goes to the first program
 * that can decide it, and to the draining thread when none can or its 16 predicates are used up.
 * @param paired entry and return are two programs; otherwise `entry` stays empty.
 * @param kernel false: the programs have no predicates, everything is left to the draining thread.
 * @throws {FilterError} at the first thing that cannot be compiled.
 */
export function compileFilter(
  sources: readonly FilterSource[],
  scope: FilterScope,
  fields: FieldAllocator,
  { paired, kernel = true }: { paired: boolean; kernel?: boolean },
): CompiledFilter {
  const entry: Conjunct[] = [];
  const record: Conjunct[] = [];
  const native: Conjunct[] = [];
  const used = new Map([
    [entry, 0],
    [record, 0],
  ]);
  for (const conjunct of filterConjuncts(sources, scope)) {
    const early = paired && operandsIn(conjunct.term).every((operand) => operand.available === 'entry');
    const program = early ? entry : record;
    const total =
      (used.get(program) ?? 0) + ((kernel ? predicateCount(conjunct.term) : undefined) ?? Infinity);
    if (total <= MAX_PREDICATES) {
      used.set(program, total);
      program.push(conjunct);
    } else {
      requireShallow(conjunct);
      native.push(conjunct);
    }
  }
  const fieldOf = once([...entry, ...record], (operand) => fields.predicateField(operand));
  const columnOf = once(native, (operand) => fields.column(operand));
  return {
    entry: kernelPredicates(terms(entry), fieldOf),
    record: kernelPredicates(terms(record), fieldOf),
    native: nativeFilter(terms(native), columnOf),
    source: {
      kernel: [...entry, ...record].map(({ text }) => text),
      native: native.map(({ text }) => text),
    },
  };
}

function terms(conjuncts: Conjunct[]): Term[] {
  return conjuncts.map(({ term }) => term);
}

function requireShallow({ term, source, range }: Conjunct): void {
  // One more: the result of the conditions before it.
  if (stackDepth(term) < MAX_STACK) return;
  throw new FilterError(
    'the condition is nested too deeply',
    source,
    range,
    'split it with && or use fewer parentheses',
  );
}

/** Asks once for each operand; a refusal is told at the condition that needs it. */
function once(
  conjuncts: Conjunct[],
  ask: (operand: FilterOperand) => number,
): (operand: FilterOperand) => number {
  const known = new Map<string, number>();
  return (operand) => {
    const index = known.get(operand.key) ?? askAt(conjuncts, operand, ask);
    known.set(operand.key, index);
    return index;
  };
}

function askAt(
  conjuncts: Conjunct[],
  operand: FilterOperand,
  ask: (operand: FilterOperand) => number,
): number {
  try {
    return ask(operand);
  } catch (error) {
    const asking = conjuncts.find(({ term }) => operandsIn(term).some(({ key }) => key === operand.key));
    if (!(error instanceof UnresolvedName) || !asking) throw error;
    throw new FilterError(error.message, asking.source, asking.range, error.hint);
  }
}
