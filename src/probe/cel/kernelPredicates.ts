import type { PredicateOp, PredicatePlan } from '../plan.ts';
import type { FilterOperand } from './scope.ts';
import type { Comparison, Term } from './term.ts';

/** TP_MAX_PREDICATES, TP_ACCEPT, TP_REJECT of bpf/include/traceprobe.h. */
export const MAX_PREDICATES = 16;
export const ACCEPT = 255;
export const REJECT = 254;
/** Field of a predicate that looks at none: the kernel takes any index it has no field for. */
export const NO_FIELD = 255;

/**
 * A program reads TP_PREDICATE_BYTES (64) bytes of a string, the last of which is a NUL even where the string goes
 * on: of equality, 62 bytes and the NUL behind them can be trusted, of a prefix 63.
 */
const MAX_EQUAL_BYTES = 62;
const MAX_PREFIX_BYTES = 63;

/** What one predicate tests, without where it goes next. */
interface Test {
  op: PredicateOp;
  operand: FilterOperand;
  immediate?: bigint;
  string?: Uint8Array;
}

/** Predicates that a condition takes in the kernel; undefined where a program cannot decide it. */
export function predicateCount(term: Term): number | undefined {
  switch (term.kind) {
    case 'and':
    case 'or':
      return sum([term.left, term.right]);
    case 'conditional':
      return sum([term.condition, term.then, term.otherwise]);
    case 'not':
      return predicateCount(term.value);
    case 'constant':
      return 1;
    default:
      return testsOf(term)?.length;
  }
}

function sum(terms: Term[]): number | undefined {
  let total = 0;
  for (const term of terms) {
    const count = predicateCount(term);
    if (count === undefined) return undefined;
    total += count;
  }
  return total;
}

/**
 * Forward-jumping predicates that accept where all the conditions hold; each must have a predicateCount, together at
 * most MAX_PREDICATES.
 * @param fieldOf index in PointPlan.fields
 */
export function kernelPredicates(
  terms: readonly Term[],
  fieldOf: (operand: FilterOperand) => number,
): PredicatePlan[] {
  const predicates: PredicatePlan[] = [];

  /** Appends the tests of a condition, which go to `yes` or `no`, indexes that may lie behind what is there yet. */
  const append = (term: Term, at: number, yes: number, no: number): void => {
    switch (term.kind) {
      case 'and':
      case 'or': {
        const middle = at + (predicateCount(term.left) ?? 0);
        if (term.kind === 'and') append(term.left, at, middle, no);
        else append(term.left, at, yes, middle);
        append(term.right, middle, yes, no);
        return;
      }
      case 'conditional': {
        const then = at + (predicateCount(term.condition) ?? 0);
        const otherwise = then + (predicateCount(term.then) ?? 0);
        append(term.condition, at, then, otherwise);
        append(term.then, then, yes, no);
        append(term.otherwise, otherwise, yes, no);
        return;
      }
      case 'not':
        append(term.value, at, no, yes);
        return;
      case 'constant': {
        const target = term.value === true ? yes : no;
        const never = { field: NO_FIELD, immediate: 0n, string: undefined };
        predicates.push({ op: 'true', onTrue: target, onFalse: target, ...never });
        return;
      }
      default: {
        const tests = testsOf(term) ?? [];
        // More than one: the elements of a list, any of which will do.
        for (const [index, { op, operand, immediate = 0n, string }] of tests.entries()) {
          predicates.push({
            op,
            field: fieldOf(operand),
            onTrue: yes,
            onFalse: index === tests.length - 1 ? no : at + index + 1,
            immediate: BigInt.asUintN(64, immediate),
            string,
          });
        }
      }
    }
  };

  let at = 0;
  for (const [index, term] of terms.entries()) {
    const next = at + (predicateCount(term) ?? 0);
    append(term, at, index === terms.length - 1 ? ACCEPT : next, REJECT);
    at = next;
  }
  return predicates;
}

/** The tests of which one must hold, for a condition without logic; undefined where the kernel cannot decide it. */
function testsOf(term: Term): Test[] | undefined {
  switch (term.kind) {
    case 'operand':
      return term.operand.kernel && term.type === 'bool'
        ? [{ op: 'notEqual', operand: term.operand, immediate: 0n }]
        : undefined;
    case 'hasFlags': {
      const operand = kernelOperand(term.value);
      return operand && [{ op: 'hasBits', operand, immediate: term.flags }];
    }
    case 'compare': {
      const operand = kernelOperand(term.left);
      if (!operand || term.right.kind !== 'constant') return undefined;
      const test = comparison(term.op, operand, term.right.value);
      return test && [test];
    }
    case 'in': {
      const operand = kernelOperand(term.value);
      if (!operand) return undefined;
      const tests = term.values.map((value) => comparison('eq', operand, value));
      return tests.every((test) => test !== undefined) ? tests : undefined;
    }
    case 'text': {
      const operand = kernelOperand(term.value);
      const { argument } = term;
      if (!operand || term.op !== 'startsWith' || argument.kind !== 'constant') return undefined;
      const string = argument.value;
      if (!(string instanceof Uint8Array) || string.length === 0 || string.length > MAX_PREFIX_BYTES)
        return undefined;
      return [{ op: 'stringPrefix', operand, string }];
    }
    default:
      return undefined;
  }
}

function kernelOperand(term: Term): FilterOperand | undefined {
  return term.kind === 'operand' && term.operand.kernel ? term.operand : undefined;
}

const signed = {
  eq: 'equal',
  ne: 'notEqual',
  lt: 'lessSigned',
  le: 'lessEqualSigned',
  gt: 'greaterSigned',
  ge: 'greaterEqualSigned',
} as const;
const unsigned = {
  eq: 'equal',
  ne: 'notEqual',
  lt: 'lessUnsigned',
  le: 'lessEqualUnsigned',
  gt: 'greaterUnsigned',
  ge: 'greaterEqualUnsigned',
} as const;

function comparison(
  op: Comparison,
  operand: FilterOperand,
  value: bigint | number | boolean | Uint8Array,
): Test | undefined {
  if (typeof value === 'bigint') {
    return { op: (operand.type === 'Uint64' ? unsigned : signed)[op], operand, immediate: value };
  }
  if (typeof value === 'boolean') {
    return { op: (op === 'eq') === value ? 'notEqual' : 'equal', operand, immediate: 0n };
  }
  if (!(value instanceof Uint8Array) || operand.type !== 'String') return undefined;
  if (op !== 'eq' && op !== 'ne') return undefined;
  if (value.length > MAX_EQUAL_BYTES) return undefined;
  // A longer string is captured as its first maxBytes bytes, which may be these: only who sees what was captured knows.
  if (operand.cut && value.length >= operand.maxBytes) return undefined;
  return { op: op === 'eq' ? 'stringEqual' : 'stringNotEqual', operand, string: value };
}
