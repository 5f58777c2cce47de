import { nearestNames } from '../../api/index.ts';
import { compare } from './arithmetic.ts';
import { CONTEXTS } from '../contexts.ts';
import type { CelNode } from './celSyntax.ts';
import { asDouble } from './checkFilter.ts';
import type { FilterChecker } from './checkFilter.ts';
import { FilterError } from './filterError.ts';
import type { FilterOperand } from './scope.ts';
import { ipAddress } from './ipAddress.ts';
import type { Comparison, ConstantTerm, Term } from './term.ts';

const signs: Readonly<Record<Comparison, string>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};
const mirrored: Readonly<Record<Comparison, Comparison>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
};

type Binary = CelNode & { op: 'binary' };

/** A comparison; where one side is a constant, it is the right one of the result. */
export function checkComparison(op: Comparison, node: Binary, checker: FilterChecker): Term {
  const [left, right] = sides(node, checker);
  const sign = signs[op];
  if (left.type !== right.type) throw checker.error(node, ...mismatch(node, sign, left, right, checker));
  if (left.type === 'bytes') {
    throw checker.error(node, `${checker.typeSentence(node.left, 'bytes')}: only its size() can be compared`);
  }
  if ((left.type === 'bool' || left.type === 'ip') && op !== 'eq' && op !== 'ne') {
    throw checker.error(node, `${sign} has no meaning here: ${checker.typeSentence(node.left, left.type)}`);
  }
  if (left.kind === 'constant') {
    if (right.kind === 'constant') {
      return { kind: 'constant', type: 'bool', value: compare(op, left.value, right.value) };
    }
    requireFit(left, node.left, right, node.right, checker);
    return { kind: 'compare', type: 'bool', op: mirrored[op], left: right, right: left };
  }
  if (right.kind === 'constant') requireFit(right, node.right, left, node.left, checker);
  return { kind: 'compare', type: 'bool', op, left, right };
}

/** value in [constants] */
export function checkMembership(node: Binary, checker: FilterChecker): Term {
  const list = node.right;
  if (list.op !== 'list') {
    throw checker.error(
      list,
      'in needs a list of constants on its right',
      'write x in [1, 2], or y.contains(x) for strings',
    );
  }
  const value = checker.term(node.left);
  const values: (bigint | Uint8Array)[] = [];
  for (const element of list.elements) {
    const constant = coerce(checker.constant(element, 'an element of a list', enumeratorsOf(value)), value);
    if (constant.kind !== 'constant' || constant.type !== value.type) {
      throw checker.error(
        element,
        ...mismatch({ left: node.left, right: element }, 'in', value, constant, checker),
      );
    }
    if (typeof constant.value !== 'bigint' && !(constant.value instanceof Uint8Array)) {
      throw checker.error(
        node,
        `in is for ints, durations, strings and addresses, but ${checker.typeSentence(node.left, value.type)}`,
      );
    }
    requireFit(constant, element, value, node.left, checker);
    values.push(constant.value);
  }
  if (value.kind === 'constant') {
    return { kind: 'constant', type: 'bool', value: values.some((each) => compare('eq', value.value, each)) };
  }
  if (values.length === 0) return { kind: 'constant', type: 'bool', value: false };
  return { kind: 'in', type: 'bool', value, values };
}

function sides(node: Binary, checker: FilterChecker): [Term, Term] {
  // A bare name may be an enumerator of the other side's type.
  if (node.left.op === 'id' || (node.left.op === 'negate' && node.left.operand.op === 'id')) {
    const right = tryOperand(node.right, checker);
    const left = checker.term(node.left, right && enumeratorsOf(right));
    const other = right ?? checker.term(node.right, enumeratorsOf(left));
    return [coerce(left, other), coerce(other, left)];
  }
  const left = checker.term(node.left);
  const right = checker.term(node.right, enumeratorsOf(left));
  return [coerce(left, right), coerce(right, left)];
}

/** The right side, when it is a name that means something by itself. */
function tryOperand(node: CelNode, checker: FilterChecker): Term | undefined {
  if (node.op === 'field' || node.op === 'index') return checker.term(node);
  if (node.op !== 'id') return undefined;
  try {
    return checker.term(node);
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

function enumeratorsOf(term: Term): Readonly<Record<string, bigint>> | undefined {
  return term.kind === 'operand' ? term.operand.enumerators : undefined;
}

/** Turns the literal into what the other side is: "10.0.0.1" into an address, 2 into 2.0. */
function coerce(term: Term, other: Term): Term {
  if (other.type === 'double') return asDouble(term);
  if (other.type !== 'ip' || term.kind !== 'constant' || !(term.value instanceof Uint8Array)) return term;
  const address = ipAddress(new TextDecoder().decode(term.value));
  if (address === undefined) return term;
  return { kind: 'constant', type: 'ip', value: new TextEncoder().encode(address) };
}

function mismatch(
  node: { left: CelNode; right: CelNode },
  sign: string,
  left: Term,
  right: Term,
  checker: FilterChecker,
): [string, string | undefined] {
  const types = [left.type, right.type];
  const constant = [left, right].find((side) => side.kind === 'constant');
  let hint: string | undefined;
  if (types.includes('ip') && constant?.type === 'string') {
    return [
      `${checker.text(left.type === 'ip' ? node.right : node.left)} is no IP address`,
      'write "10.0.0.1" or "fe80::1"',
    ];
  }
  if (types.includes('duration')) hint = 'write a duration as duration("1ms"), with h, m, s, ms, us or ns';
  else if (types.includes('double')) hint = 'double(…) makes a double of an int';
  else if (types.includes('bool') && types.includes('int') && node.left.op === 'binary') {
    hint = 'join two comparisons with &&';
  }
  const sentence = `${checker.typeSentence(node.left, left.type)}, ${checker.typeSentence(node.right, right.type)}`;
  return [`${sign} cannot compare these: ${sentence}`, hint];
}

/**
 * Refuses a literal that the value beside it can never be (or, extent 'part', contain).
 * @throws {FilterError}
 */
export function requireFit(
  constant: ConstantTerm,
  node: CelNode,
  other: Term,
  otherNode: CelNode,
  checker: FilterChecker,
  extent: 'whole' | 'part' = 'whole',
): void {
  if (other.kind !== 'operand') return;
  const { operand } = other;
  const name = checker.text(otherNode);
  if (typeof constant.value === 'bigint') {
    if (operand.type === 'Uint64' && constant.value < 0n) {
      const hint = 'capture it with type Int64 if the kernel keeps negative numbers in it';
      throw checker.error(node, `${name} is unsigned and never ${checker.text(node)}`, hint);
    }
    if (operand.type === 'Int64' && constant.value >= 2n ** 63n) {
      const hint = 'capture it with type Uint64 to compare it as an unsigned number';
      throw checker.error(node, `${name} is signed and never as large as ${checker.text(node)}`, hint);
    }
  }
  if (constant.type === 'string' && constant.value instanceof Uint8Array) {
    requireText(constant.value, node, operand, name, checker, extent);
  }
}

function requireText(
  text: Uint8Array,
  node: CelNode,
  operand: FilterOperand,
  name: string,
  checker: FilterChecker,
  extent: 'whole' | 'part',
): void {
  if (text.includes(0))
    throw checker.error(node, `a string of the kernel ends at its first NUL: ${name} has none in it`);
  if (operand.builtin === 'context' && extent === 'whole') {
    const written = new TextDecoder().decode(text);
    if (CONTEXTS.some((each) => each === written)) return;
    const [nearest] = nearestNames(written, CONTEXTS, 1);
    const hint = nearest === undefined ? undefined : `did you mean "${nearest}"?`;
    throw checker.error(node, `context is ${CONTEXTS.map((each) => `"${each}"`).join(' or ')}`, hint);
  }
  if (operand.type === 'Path' || text.length <= operand.maxBytes) return;
  const message = `${name} has at most ${operand.maxBytes} bytes, this string has ${text.length}`;
  const hint = operand.cut ? `capture it with maxBytes: ${text.length} or more` : undefined;
  throw checker.error(node, message, hint);
}
