import { evaluateFilter } from '../../../probe/cel/evaluate.ts';
import type { FilterOperand } from '../../../probe/cel/scope.ts';
import {
  GREATEST_INTEGER,
  LEAST_INTEGER,
  operandsIn,
  type Arithmetic,
  type Comparison,
  type ConstantValue,
  type Term,
} from '../../../probe/cel/term.ts';
import { quoteText } from '../../store/layout.ts';
import type { Lookup, OperandsInSql } from './sqlOperand.ts';

/**
 * A checked filter as a condition over a table of events `e`, with the meaning that term.ts gives it: what could not
 * be read is NULL, and a comparison with it is false wherever that makes a difference. Conditions on values behind
 * codes are decided once a value, not once an event.
 */
export function filterSql(term: Term, operands: OperandsInSql): string {
  return new FilterWriter(operands).condition(term);
}

const comparisons: Readonly<Record<Comparison, string>> = {
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};
/** Integers divide towards zero; HUGEINT holds every sum and product that matters, TRY is NULL for the others. */
const arithmetic: Readonly<Record<Arithmetic, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '//',
  mod: '%',
};

class FilterWriter {
  readonly #operands: OperandsInSql;
  /** Inside a look-up its values are columns of `l`. */
  #inside: string | undefined;

  constructor(operands: OperandsInSql) {
    this.#operands = operands;
  }

  /** A condition of which NULL counts as false. */
  condition(term: Term): string {
    const lookup = this.#inside === undefined ? this.#onlyLookup(term) : undefined;
    if (lookup !== undefined) return this.#lookUp(term, lookup);
    switch (term.kind) {
      case 'and':
        return `(${this.condition(term.left)} AND ${this.condition(term.right)})`;
      case 'or':
        return `(${this.condition(term.left)} OR ${this.condition(term.right)})`;
      case 'not':
        return `(NOT coalesce(${this.condition(term.value)}, FALSE))`;
      case 'compare':
        return this.#comparison(term.op, term.left, term.right);
      case 'in': {
        const values = term.values.map((value) => constant(value));
        return `(${this.#value(term.value)} IN (${values.join(', ')}))`;
      }
      case 'text': {
        const test = { contains: 'contains', startsWith: 'starts_with', endsWith: 'ends_with' }[term.op];
        return `${test}(${this.#value(term.value)}, ${this.#value(term.argument)})`;
      }
      case 'matches':
        return `regexp_matches(${this.#value(term.value)}, ${quoteText(term.pattern)})`;
      case 'hasFlags': {
        const flags = `${term.flags}::HUGEINT`;
        return `((${this.#value(term.value)}::HUGEINT & ${flags}) = ${flags})`;
      }
      default:
        return this.#value(term);
    }
  }

  /** The one look-up that all values of a condition lie behind. */
  #onlyLookup(term: Term): Lookup | undefined {
    const lookups = operandsIn(term).map((operand) => this.#operands(operand).lookup);
    const [first] = lookups;
    return lookups.every((lookup) => lookup !== undefined && lookup.code === first?.code) ? first : undefined;
  }

  #lookUp(term: Term, { code, from, key, none }: Lookup): string {
    this.#inside = code;
    const inner = this.condition(term);
    this.#inside = undefined;
    const found = `${code} IN (SELECT l.${key} FROM ${from} l WHERE ${inner})`;
    const exceptions = [
      ...(evaluateFilter(term, () => undefined) ? [`WHEN ${code} IS NULL THEN TRUE`] : []),
      ...(none !== undefined && evaluateFilter(term, () => new Uint8Array())
        ? [`WHEN ${code} = ${none} THEN TRUE`]
        : []),
    ];
    return exceptions.length === 0 ? `(${found})` : `CASE ${exceptions.join(' ')} ELSE ${found} END`;
  }

  #comparison(op: Comparison, left: Term, right: Term): string {
    const [a, b] = [this.#value(left), this.#value(right)];
    const plain = `${a} ${comparisons[op]} ${b}`;
    if (left.type !== 'double') return `(${plain})`;
    // NaN equals itself and is the greatest of all in DuckDB; in CEL every comparison with it but != is false.
    return `(CASE WHEN isnan(${a}) OR isnan(${b}) THEN ${op === 'ne' ? 'TRUE' : 'FALSE'} ELSE ${plain} END)`;
  }

  /** A value; NULL: it could not be read, or cannot be calculated. */
  #value(term: Term): string {
    switch (term.kind) {
      case 'constant':
        return constant(term.value);
      case 'operand':
        return this.#operand(term.operand);
      case 'arithmetic': {
        const [a, b] = [this.#value(term.left), this.#value(term.right)];
        if (term.type === 'double') return `(${a} ${term.op === 'div' ? '/' : arithmetic[term.op]} ${b})`;
        return inRange(`TRY(${a}::HUGEINT ${arithmetic[term.op]} ${b}::HUGEINT)`);
      }
      case 'negate':
        if (term.type === 'double') return `(-${this.#value(term.value)})`;
        return inRange(`(-(${this.#value(term.value)}::HUGEINT))`);
      case 'size':
        return `${term.value.type === 'bytes' ? 'octet_length' : 'strlen'}(${this.#value(term.value)})`;
      case 'toDouble':
        return `${this.#value(term.value)}::DOUBLE`;
      case 'conditional': {
        const condition = this.condition(term.condition);
        return `(CASE WHEN ${condition} THEN ${this.#value(term.then)} ELSE ${this.#value(term.otherwise)} END)`;
      }
      default:
        return `coalesce(${this.condition(term)}, FALSE)`;
    }
  }

  #operand(operand: FilterOperand): string {
    const { sql, lookup } = this.#operands(operand);
    if (lookup === undefined || this.#inside === lookup.code) return sql;
    const value = `(SELECT ${sql} FROM ${lookup.from} l WHERE l.${lookup.key} = ${lookup.code})`;
    return lookup.none === undefined
      ? value
      : `CASE ${lookup.code} WHEN ${lookup.none} THEN '' ELSE ${value} END`;
  }
}

function inRange(sql: string): string {
  return `(SELECT CASE WHEN r BETWEEN ${LEAST_INTEGER} AND ${GREATEST_INTEGER} THEN r END FROM (SELECT ${sql} AS r))`;
}

function constant(value: ConstantValue): string {
  if (typeof value === 'bigint') return `(${value})`;
  if (typeof value === 'number') return `'${value}'::DOUBLE`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  const parts = new TextDecoder().decode(value).split('\0');
  return parts.length === 1 ? quoteText(parts.join('')) : `(${parts.map(quoteText).join(' || chr(0) || ')})`;
}
