import { nearestNames } from '../../api/index.ts';
import { calculate } from './arithmetic.ts';
import { BUILTIN_NAMES, builtinOperand } from './builtins.ts';
import { sourceOf } from './celSyntax.ts';
import type { CelBinaryOperator, CelNode } from './celSyntax.ts';
import { checkCall, FUNCTION_NAMES } from './checkCall.ts';
import { checkComparison, checkMembership } from './checkComparison.ts';
import { kernelConstants } from './constants.ts';
import { FilterError } from './filterError.ts';
import type { FilterSource } from './filterError.ts';
import { UnresolvedName } from './scope.ts';
import type { FilterOperand, FilterPath, FilterScope } from './scope.ts';
import { GREATEST_INTEGER, isInteger } from './term.ts';
import type { Arithmetic, Comparison, ConstantTerm, Term, ValueType } from './term.ts';

/**
 * Checks a syntax tree that must be a condition: types, names, ranges of literals.
 * @param wantedBy what needs the condition, for the error
 * @throws {FilterError} at the first thing wrong
 */
export function checkFilter(node: CelNode, wantedBy: string, source: FilterSource, scope: FilterScope): Term {
  return new FilterChecker(source, scope).condition(node, wantedBy);
}

const types: Readonly<Record<FilterOperand['type'], ValueType>> = {
  Int64: 'int',
  Uint64: 'int',
  Float64: 'double',
  Bool: 'bool',
  String: 'string',
  Path: 'string',
  Bytes: 'bytes',
  Duration: 'duration',
  Ip: 'ip',
};

const words: Readonly<Record<ValueType, string>> = {
  int: 'an int',
  double: 'a double',
  bool: 'a bool',
  string: 'a string',
  bytes: 'a buffer of bytes',
  duration: 'a duration',
  ip: 'an IP address',
};

const comparisons: Partial<Record<CelBinaryOperator, Comparison>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};

const arithmetic: Partial<Record<CelBinaryOperator, Arithmetic>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
};

/** The type checker of one source. */
export class FilterChecker {
  readonly #source: FilterSource;
  readonly #scope: FilterScope;

  constructor(source: FilterSource, scope: FilterScope) {
    this.#source = source;
    this.#scope = scope;
  }

  /** The error that a node is. */
  error(node: { start: number; end: number }, message: string, hint?: string): FilterError {
    return new FilterError(message, this.#source, node, hint);
  }

  /** A node as it is written. */
  text(node: CelNode): string {
    return sourceOf(node, this.#source);
  }

  /** Such as: args.flags is an int */
  typeSentence(node: CelNode, type: ValueType): string {
    return `${this.text(node)} is ${words[type]}`;
  }

  /** @param enumerators names that the other side of a comparison knows */
  term(node: CelNode, enumerators?: Readonly<Record<string, bigint>>): Term {
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.value);
      case 'id':
      case 'field':
      case 'index':
        return this.#name(node, enumerators ?? {});
      case 'call':
        return checkCall(node, this);
      case 'list':
        throw this.error(node, 'a list can only stand on the right of in');
      case 'map':
        throw this.error(node, 'filters have no maps and messages');
      case 'and':
      case 'or':
        return this.#junction(node);
      case 'not': {
        const value = this.condition(node.operand, '!');
        if (value.kind === 'constant') return { ...value, value: value.value === false };
        return { kind: 'not', type: 'bool', value };
      }
      case 'negate':
        return this.#negation(node, enumerators);
      case 'conditional':
        return this.#conditional(node);
      case 'binary':
        return this.#binary(node);
    }
  }

  /** A term that must be a bool, wanted by `by`. */
  condition(node: CelNode, by: string): Term {
    const term = this.term(node);
    if (term.type === 'bool') return term;
    const hint = term.type === 'int' ? `compare it with something: ${this.text(node)} != 0` : undefined;
    throw this.error(node, `${by} needs a condition, but ${this.typeSentence(node, term.type)}`, hint);
  }

  /** The value of a term that must be known now. */
  constant(node: CelNode, what: string, enumerators?: Readonly<Record<string, bigint>>): ConstantTerm {
    const term = this.term(node, enumerators);
    if (term.kind === 'constant') return term;
    throw this.error(
      node,
      `${what} must be a constant, but ${this.text(node)} is known only when an event happens`,
    );
  }

  /** A flag or other constant that the kernel's interface has a name for. */
  namedConstant(name: string): bigint | undefined {
    return kernelConstants(this.#scope.architecture).get(name);
  }

  /** The error that an unknown name is, with those that may have been meant. */
  unknownName(
    range: { start: number; end: number },
    name: string,
    further: readonly string[] = [],
  ): FilterError {
    const constants = kernelConstants(this.#scope.architecture).keys();
    const known = [...BUILTIN_NAMES, ...this.#scope.names, ...further, ...constants];
    const nearest = nearestNames(name, known, 3);
    const hint =
      nearest.length > 0
        ? `did you mean ${nearest.join(' or ')}?`
        : `there are ${[...this.#scope.names, ...BUILTIN_NAMES].join(', ')} and constants such as O_CREAT, ENOENT, SIGKILL`;
    return this.error(range, `there is no ${name} here`, hint);
  }

  #literal(node: CelNode, value: bigint | number | string | boolean | null | Uint8Array): Term {
    if (value === null) {
      const hint =
        'what could not be read makes every comparison false; k8s.pod == "" is an event outside all pods';
      throw this.error(node, 'there is no null here', hint);
    }
    if (value instanceof Uint8Array) {
      throw this.error(node, 'bytes cannot be compared', 'write a string without the b');
    }
    if (typeof value === 'bigint') {
      if (value <= GREATEST_INTEGER) return { kind: 'constant', type: 'int', value };
      throw this.error(node, `${this.text(node)} is out of range: integers go from -2^63 to 2^64-1`);
    }
    if (typeof value === 'number') return { kind: 'constant', type: 'double', value };
    if (typeof value === 'boolean') return { kind: 'constant', type: 'bool', value };
    return { kind: 'constant', type: 'string', value: new TextEncoder().encode(value) };
  }

  #name(node: CelNode, enumerators: Readonly<Record<string, bigint>>): Term {
    const { path, parts } = this.#chain(node);
    const builtin = builtinOperand(path, this.#scope);
    if (builtin) return { kind: 'operand', type: types[builtin.type], operand: builtin };
    const [root] = path;
    if (root === 'k8s')
      throw this.error(parts[1] ?? node, 'there are k8s.namespace, k8s.pod and k8s.container');
    if (path.length > 1 && builtinOperand([root], this.#scope)) {
      throw this.error(parts[1] ?? node, `${root} is no structure`);
    }
    try {
      const operand = this.#scope.resolve(path);
      return { kind: 'operand', type: types[operand.type], operand };
    } catch (error) {
      if (!(error instanceof UnresolvedName)) throw error;
      const value = path.length === 1 ? (enumerators[root] ?? this.namedConstant(root)) : undefined;
      if (value !== undefined) return { kind: 'constant', type: 'int', value };
      const range = parts[error.part] ?? node;
      if (error.part === 0 && error.hint === undefined) {
        if (FUNCTION_NAMES.includes(root)) throw this.error(range, `${root} is a function: ${root}(…)`);
        if (this.namedConstant(root) !== undefined)
          throw this.error(range, `${root} is a number and has no members`);
        throw this.unknownName(range, root, Object.keys(enumerators));
      }
      throw this.error(range, error.message, error.hint);
    }
  }

  /** The path that a chain of . and [] spells, and where each part of it stands. */
  #chain(node: CelNode): { path: FilterPath; parts: { start: number; end: number }[] } {
    if (node.op === 'id') return { path: [node.name], parts: [node] };
    if (node.op === 'field') {
      const { path, parts } = this.#chain(node.object);
      return { path: [...path, node.name], parts: [...parts, { start: node.nameStart, end: node.end }] };
    }
    if (node.op === 'index') {
      const { path, parts } = this.#chain(node.object);
      const { index } = node;
      const value = index.op === 'value' ? index.value : undefined;
      if (typeof value === 'string') return { path: [...path, value], parts: [...parts, index] };
      if (typeof value === 'bigint' && value <= 0xffffffffn) {
        return { path: [...path, Number(value)], parts: [...parts, index] };
      }
      throw this.error(index, `an index must be a number from 0 on, not ${this.text(index)}`);
    }
    throw this.error(node, `${this.text(node)} has no members: . and [] follow a name such as args`);
  }

  #junction(node: CelNode & { op: 'and' | 'or' }): Term {
    const sign = node.op === 'and' ? '&&' : '||';
    const left = this.condition(node.left, sign);
    const right = this.condition(node.right, sign);
    const deciding = node.op === 'or';
    for (const side of [left, right]) {
      if (side.kind === 'constant' && side.value === deciding) return side;
    }
    if (left.kind === 'constant' && right.kind === 'constant') return left;
    return { kind: node.op, type: 'bool', left, right };
  }

  #negation(node: CelNode & { op: 'negate' }, enumerators?: Readonly<Record<string, bigint>>): Term {
    const value = this.term(node.operand, enumerators);
    if (value.type !== 'int' && value.type !== 'double' && value.type !== 'duration') {
      throw this.error(
        node,
        `only numbers can be negated, but ${this.typeSentence(node.operand, value.type)}`,
      );
    }
    if (value.kind !== 'constant') return { kind: 'negate', type: value.type, value };
    if (typeof value.value === 'number') return { ...value, value: -value.value };
    const negated = typeof value.value === 'bigint' ? -value.value : 0n;
    if (isInteger(negated)) return { ...value, value: negated };
    throw this.error(node, `${this.text(node)} is out of range: integers go from -2^63 to 2^64-1`);
  }

  #conditional(node: CelNode & { op: 'conditional' }): Term {
    const condition = this.condition(node.condition, '?:');
    const then = this.term(node.then);
    const otherwise = this.term(node.otherwise);
    if (then.type !== otherwise.type) {
      const message = `both results of ?: must be of one type: ${this.typeSentence(node.then, then.type)}, ${this.typeSentence(node.otherwise, otherwise.type)}`;
      throw this.error(node, message);
    }
    if (condition.kind === 'constant') return condition.value === true ? then : otherwise;
    return { kind: 'conditional', type: then.type, condition, then, otherwise };
  }

  #binary(node: CelNode & { op: 'binary' }): Term {
    if (node.operator === 'in') return checkMembership(node, this);
    const comparison = comparisons[node.operator];
    if (comparison) return checkComparison(comparison, node, this);
    const op = arithmetic[node.operator];
    if (!op) throw this.error(node, `there is no operator ${node.operator}`);
    return this.#arithmetic(op, node);
  }

  #arithmetic(op: Arithmetic, node: CelNode & { op: 'binary' }): Term {
    let left = this.term(node.left);
    let right = this.term(node.right);
    // 2 * double(x): a literal is what is needed.
    if (right.type === 'double') left = asDouble(left);
    if (left.type === 'double') right = asDouble(right);
    const { type } = left;
    const sums = op === 'add' || op === 'sub';
    const possible = type === 'int' || (type === 'double' && op !== 'mod') || (type === 'duration' && sums);
    if (type !== right.type || !possible) {
      const hint = [type, right.type].includes('double') ? 'double(…) makes a double of an int' : undefined;
      const sides = `${this.typeSentence(node.left, type)}, ${this.typeSentence(node.right, right.type)}`;
      throw this.error(node, `${node.operator} cannot join these: ${sides}`, hint);
    }
    if ((op === 'div' || op === 'mod') && right.kind === 'constant' && right.value === 0n) {
      throw this.error(node.right, 'division by zero');
    }
    if (left.kind !== 'constant' || right.kind !== 'constant')
      return { kind: 'arithmetic', type, op, left, right };
    const value = calculate(op, left.value, right.value);
    if (value !== undefined) return { kind: 'constant', type, value };
    throw this.error(node, `${this.text(node)} is out of range: integers go from -2^63 to 2^64-1`);
  }
}

/** An int literal where a double is needed. */
export function asDouble(term: Term): Term {
  if (term.kind !== 'constant' || typeof term.value !== 'bigint' || term.type !== 'int') return term;
  return { kind: 'constant', type: 'double', value: Number(term.value) };
}
