import type { FilterOperand } from './scope.ts';

/** Types of a filter's values. An int is mathematical: any integer from −2^63 to 2^64−1, whatever the column's sign. */
export type ValueType = 'int' | 'double' | 'bool' | 'string' | 'bytes' | 'duration' | 'ip';

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'mod';
export type TextTest = 'contains' | 'startsWith' | 'endsWith';

/** Durations are nanoseconds; strings are UTF-8; addresses are the text that inet_ntop() makes. */
export type ConstantValue = bigint | number | boolean | Uint8Array;

/**
 * A checked filter: typed, names resolved, constants folded. What it means, everywhere it is evaluated:
 *
 * - A value that could not be read is a fault, and so is the result of arithmetic on it, of a division by zero and
 *   of an integer outside −2^63 … 2^64−1.
 * - A comparison (compare, in, text, matches, hasFlags) of a fault is false.
 * - and, or, not and the condition of ?: take a fault (of a bool column) for false; their result is no fault.
 *
 * So logic is two-valued: !(x == 1) is true where x could not be read, x != 1 is not.
 */
export type Term =
  | ConstantTerm
  | OperandTerm
  | { kind: 'arithmetic'; type: ValueType; op: Arithmetic; left: Term; right: Term }
  | { kind: 'negate'; type: ValueType; value: Term }
  | { kind: 'size'; type: 'int'; value: Term }
  | { kind: 'toDouble'; type: 'double'; value: Term }
  | { kind: 'compare'; type: 'bool'; op: Comparison; left: Term; right: Term }
  | { kind: 'in'; type: 'bool'; value: Term; values: (bigint | Uint8Array)[] }
  | { kind: 'text'; type: 'bool'; op: TextTest; value: Term; argument: Term }
  /** `pattern` is in RE2's syntax and may match anywhere in the value. */
  | { kind: 'matches'; type: 'bool'; value: Term; pattern: string }
  /** (value & flags) == flags, on the low 64 bits. */
  | { kind: 'hasFlags'; type: 'bool'; value: Term; flags: bigint }
  | { kind: 'and' | 'or'; type: 'bool'; left: Term; right: Term }
  | { kind: 'not'; type: 'bool'; value: Term }
  | { kind: 'conditional'; type: ValueType; condition: Term; then: Term; otherwise: Term };

export interface ConstantTerm {
  kind: 'constant';
  type: ValueType;
  value: ConstantValue;
}

export interface OperandTerm {
  kind: 'operand';
  type: ValueType;
  operand: FilterOperand;
}

export const LEAST_INTEGER = -(2n ** 63n);
export const GREATEST_INTEGER = 2n ** 64n - 1n;

export function isInteger(value: bigint): boolean {
  return value >= LEAST_INTEGER && value <= GREATEST_INTEGER;
}

/** The terms a term is made of, in the order of evaluation. */
export function partsOf(term: Term): Term[] {
  switch (term.kind) {
    case 'constant':
    case 'operand':
      return [];
    case 'arithmetic':
    case 'compare':
    case 'and':
    case 'or':
      return [term.left, term.right];
    case 'text':
      return [term.value, term.argument];
    case 'conditional':
      return [term.condition, term.then, term.otherwise];
    case 'hasFlags':
      return [term.value, { kind: 'constant', type: 'int', value: term.flags }];
    case 'negate':
    case 'not':
    case 'size':
    case 'toDouble':
    case 'in':
    case 'matches':
      return [term.value];
  }
}

/** The operands a term looks at, as often as it does. */
export function operandsIn(term: Term): FilterOperand[] {
  return term.kind === 'operand' ? [term.operand] : partsOf(term).flatMap(operandsIn);
}
