import { isInteger } from './term.ts';
import type { Arithmetic, Comparison, ConstantValue } from './term.ts';

/**
 * Arithmetic of filters, of constants by the compiler and of rows by the reference evaluator: undefined where an
 * integer leaves −2^63 … 2^64−1 or is divided by zero. Integers divide towards zero.
 */
export function calculate(
  op: Arithmetic,
  left: ConstantValue,
  right: ConstantValue,
): ConstantValue | undefined {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    const result = onIntegers(op, left, right);
    return result !== undefined && isInteger(result) ? result : undefined;
  }
  if (typeof left === 'number' && typeof right === 'number') return onDoubles(op, left, right);
  return undefined;
}

function onIntegers(op: Arithmetic, left: bigint, right: bigint): bigint | undefined {
  switch (op) {
    case 'add':
      return left + right;
    case 'sub':
      return left - right;
    case 'mul':
      return left * right;
    case 'div':
      return right === 0n ? undefined : left / right;
    case 'mod':
      return right === 0n ? undefined : left % right;
  }
}

function onDoubles(op: Arithmetic, left: number, right: number): number {
  switch (op) {
    case 'add':
      return left + right;
    case 'sub':
      return left - right;
    case 'mul':
      return left * right;
    case 'div':
      return left / right;
    case 'mod':
      return left % right;
  }
}

/** Whether a comparison of two values of one type holds; strings and addresses compare by their bytes. */
export function compare(op: Comparison, left: ConstantValue, right: ConstantValue): boolean {
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    if (!(left instanceof Uint8Array && right instanceof Uint8Array)) return false;
    return holds(op, Buffer.compare(left, right), 0);
  }
  return holds(op, left, right);
}

function holds<T extends bigint | number | boolean>(op: Comparison, left: T, right: T): boolean {
  switch (op) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
  }
}
