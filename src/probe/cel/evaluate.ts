import type { PredicatePlan } from '../plan.ts';
import { calculate, compare } from './arithmetic.ts';
import { ACCEPT, REJECT } from './kernelPredicates.ts';
import { re2Pattern } from './re2Pattern.ts';
import type { FilterOperand } from './scope.ts';
import type { ConstantValue, Term } from './term.ts';

/** An operand's value in one event: as in term.ts, undefined for what could not be read. */
export type Row = (operand: FilterOperand) => ConstantValue | undefined;

/** The reference: whether a checked condition holds for an event. */
export function evaluateFilter(term: Term, row: Row): boolean {
  return evaluate(term, row) === true;
}

function evaluate(term: Term, row: Row): ConstantValue | undefined {
  switch (term.kind) {
    case 'constant':
      return term.value;
    case 'operand':
      return row(term.operand);
    case 'and':
      return evaluate(term.left, row) === true && evaluate(term.right, row) === true;
    case 'or':
      return evaluate(term.left, row) === true || evaluate(term.right, row) === true;
    case 'not':
      return evaluate(term.value, row) !== true;
    case 'conditional':
      return evaluate(evaluate(term.condition, row) === true ? term.then : term.otherwise, row);
    case 'arithmetic': {
      const left = evaluate(term.left, row);
      const right = evaluate(term.right, row);
      return left === undefined || right === undefined ? undefined : calculate(term.op, left, right);
    }
    case 'compare': {
      const left = evaluate(term.left, row);
      const right = evaluate(term.right, row);
      return left !== undefined && right !== undefined && compare(term.op, left, right);
    }
    case 'text': {
      const value = evaluate(term.value, row);
      const argument = evaluate(term.argument, row);
      return (
        value instanceof Uint8Array && argument instanceof Uint8Array && testText(term.op, value, argument)
      );
    }
    default:
      return evaluateUnary(term, evaluate(term.value, row));
  }
}

type Unary = Extract<Term, { kind: 'negate' | 'size' | 'toDouble' | 'in' | 'matches' | 'hasFlags' }>;

function evaluateUnary(term: Unary, value: ConstantValue | undefined): ConstantValue | undefined {
  switch (term.kind) {
    case 'negate':
      if (typeof value === 'number') return -value;
      return value === undefined ? undefined : calculate('sub', 0n, value);
    case 'size':
      return value instanceof Uint8Array ? BigInt(value.length) : undefined;
    case 'toDouble':
      return typeof value === 'bigint' ? Number(value) : undefined;
    case 'in':
      return value !== undefined && term.values.some((each) => compare('eq', value, each));
    case 'matches':
      return value instanceof Uint8Array && re2Pattern(term.pattern).test(new TextDecoder().decode(value));
    case 'hasFlags':
      return typeof value === 'bigint' && (BigInt.asUintN(64, value) & term.flags) === term.flags;
  }
}

function testText(
  op: 'contains' | 'startsWith' | 'endsWith',
  value: Uint8Array,
  argument: Uint8Array,
): boolean {
  const at = Buffer.from(value);
  if (op === 'contains') return at.includes(Buffer.from(argument));
  if (argument.length > value.length) return false;
  const part =
    op === 'startsWith' ? at.subarray(0, argument.length) : at.subarray(at.length - argument.length);
  return part.equals(argument);
}

/**
 * What the programs in bpf/ make of predicates.
 * @param load the value of a field as 64 bits or its whole string, undefined where the read faults
 */
export function evaluatePredicates(
  predicates: readonly PredicatePlan[],
  load: (field: number) => bigint | Uint8Array | undefined,
): boolean {
  let next = predicates.length === 0 ? ACCEPT : 0;
  while (next !== ACCEPT && next !== REJECT) {
    const predicate = predicates[next];
    if (!predicate) throw new RangeError(`jump to predicate ${next} of ${predicates.length}`);
    const target = holds(predicate, load) ? predicate.onTrue : predicate.onFalse;
    if (target <= next) throw new RangeError(`predicate ${next} jumps back to ${target}`);
    next = target;
  }
  return next === ACCEPT;
}

function holds(predicate: PredicatePlan, load: (field: number) => bigint | Uint8Array | undefined): boolean {
  if (predicate.op === 'true') return true;
  const value = load(predicate.field);
  if (value === undefined) return false;
  if (value instanceof Uint8Array) return stringHolds(predicate, value);
  const immediate = BigInt.asUintN(64, predicate.immediate);
  const word = BigInt.asUintN(64, value);
  const [signedWord, signedImmediate] = [BigInt.asIntN(64, word), BigInt.asIntN(64, immediate)];
  switch (predicate.op) {
    case 'equal':
      return word === immediate;
    case 'notEqual':
      return word !== immediate;
    case 'lessSigned':
      return signedWord < signedImmediate;
    case 'lessUnsigned':
      return word < immediate;
    case 'greaterSigned':
      return signedWord > signedImmediate;
    case 'greaterUnsigned':
      return word > immediate;
    case 'lessEqualSigned':
      return signedWord <= signedImmediate;
    case 'lessEqualUnsigned':
      return word <= immediate;
    case 'greaterEqualSigned':
      return signedWord >= signedImmediate;
    case 'greaterEqualUnsigned':
      return word >= immediate;
    case 'hasBits':
      return (word & immediate) === immediate;
    default:
      return false;
  }
}

/** The program sees the first 63 bytes of a string, with a NUL behind them. */
function stringHolds({ op, string = new Uint8Array() }: PredicatePlan, value: Uint8Array): boolean {
  const seen = Buffer.concat([value.subarray(0, 63), Buffer.of(0)]);
  const wanted = op === 'stringPrefix' ? string : Buffer.concat([string, Buffer.of(0)]);
  const same = seen.subarray(0, wanted.length).equals(wanted);
  return op === 'stringNotEqual' ? !same : same;
}
