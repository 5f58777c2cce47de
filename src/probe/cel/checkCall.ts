import { nearestNames } from '../../api/index.ts';
import { celDuration } from './celDuration.ts';
import type { CelNode } from './celSyntax.ts';
import { requireFit } from './checkComparison.ts';
import type { FilterChecker } from './checkFilter.ts';
import { PatternError, re2Pattern } from './re2Pattern.ts';
import type { Term, TextTest } from './term.ts';

type Call = CelNode & { op: 'call' };

interface FunctionRule {
  usage: string;
  /** Written value.name(…) instead of name(value, …). */
  method: boolean;
  args: number;
  check: (call: Call, args: readonly [CelNode, CelNode], checker: FilterChecker) => Term;
}

const functions: Readonly<Record<string, FunctionRule>> = {
  has_flags: {
    usage: 'has_flags(args.flags, O_CREAT) or has_flags(args.flags, [O_CREAT, O_TRUNC])',
    method: false,
    args: 2,
    check: hasFlags,
  },
  duration: { usage: 'duration("1ms")', method: false, args: 1, check: duration },
  double: { usage: 'double(retval)', method: false, args: 1, check: double },
  size: { usage: 'size(comm)', method: false, args: 1, check: size },
  startsWith: { usage: 'comm.startsWith("kworker")', method: true, args: 2, check: textTest('startsWith') },
  endsWith: { usage: 'comm.endsWith("d")', method: true, args: 2, check: textTest('endsWith') },
  contains: { usage: 'comm.contains("sh")', method: true, args: 2, check: textTest('contains') },
  matches: { usage: 'comm.matches("^(ba|z)?sh$")', method: true, args: 2, check: matches },
};

export const FUNCTION_NAMES: readonly string[] = Object.keys(functions);

const macros: readonly string[] = [
  'has',
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'map',
  'filter',
  'bind',
];

/** A call of one of the functions that filters have. */
export function checkCall(call: Call, checker: FilterChecker): Term {
  const name = { start: call.nameStart, end: call.nameStart + call.name.length };
  if (macros.includes(call.name)) {
    const hint =
      call.name === 'has'
        ? 'what could not be read makes its comparison false'
        : 'name the elements one by one: args.a[0] == 1 || args.a[1] == 1';
    throw checker.error(name, `filters have no macro ${call.name}`, hint);
  }
  const rule = functions[call.name];
  if (!Object.hasOwn(functions, call.name) || !rule) {
    const nearest = nearestNames(call.name, FUNCTION_NAMES, 3);
    const hint =
      nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : `there are ${FUNCTION_NAMES.join(', ')}`;
    throw checker.error(name, `filters have no function ${call.name}`, hint);
  }
  // CEL knows size and matches in both spellings.
  const both = call.name === 'size' || call.name === 'matches';
  const wellWritten = both || (call.receiver !== undefined) === rule.method;
  const [first, second = first, third] = call.receiver ? [call.receiver, ...call.args] : call.args;
  const count = call.args.length + (call.receiver ? 1 : 0);
  if (
    !wellWritten ||
    count !== rule.args ||
    first === undefined ||
    second === undefined ||
    third !== undefined
  ) {
    throw checker.error(call, `${call.name} is written ${rule.usage}`);
  }
  return rule.check(call, [first, second], checker);
}

function hasFlags(_call: Call, [value, flags]: readonly [CelNode, CelNode], checker: FilterChecker): Term {
  const term = checker.term(value);
  if (term.type !== 'int') {
    throw checker.error(
      value,
      `has_flags tests the bits of an int, but ${checker.typeSentence(value, term.type)}`,
    );
  }
  const enumerators = term.kind === 'operand' ? term.operand.enumerators : undefined;
  const wanted = flagsOf(flags, checker, enumerators ?? {});
  if (wanted === 0n) {
    const hint = /\bO_RDONLY\b/.test(checker.text(flags))
      ? `the access mode is a number, not a flag: ${checker.text(value)} % 4 == O_RDONLY`
      : 'compare with == instead';
    throw checker.error(flags, `${checker.text(flags)} is 0: every value has these flags`, hint);
  }
  if (term.kind === 'constant' && typeof term.value === 'bigint') {
    return { kind: 'constant', type: 'bool', value: (BigInt.asUintN(64, term.value) & wanted) === wanted };
  }
  return { kind: 'hasFlags', type: 'bool', value: term, flags: wanted };
}

function flagsOf(
  node: CelNode,
  checker: FilterChecker,
  enumerators: Readonly<Record<string, bigint>>,
): bigint {
  if (node.op === 'list') {
    return node.elements.reduce((sum, element) => sum | flagsOf(element, checker, enumerators), 0n);
  }
  if (node.op === 'value' && typeof node.value === 'string')
    return flagsOfText(node, node.value, checker, enumerators);
  const { type, value } = checker.constant(node, 'a flag', enumerators);
  if (type !== 'int' || typeof value !== 'bigint') {
    throw checker.error(node, `a flag must be an int, but ${checker.typeSentence(node, type)}`);
  }
  return BigInt.asUintN(64, value);
}

/** "O_CREAT|O_TRUNC" */
function flagsOfText(
  node: CelNode,
  text: string,
  checker: FilterChecker,
  enumerators: Readonly<Record<string, bigint>>,
): bigint {
  let flags = 0n;
  for (const found of text.matchAll(/[^|]+/g)) {
    const name = found[0].trim();
    const value = enumerators[name] ?? checker.namedConstant(name);
    if (value === undefined) {
      const start = offsetIn(node, text, found.index + found[0].indexOf(name), checker);
      throw checker.unknownName({ start, end: start + name.length }, name, Object.keys(enumerators));
    }
    flags |= BigInt.asUintN(64, value);
  }
  return flags;
}

/** Where a character of a string literal stands; the literal itself where escapes make that hard to say. */
function offsetIn(node: CelNode, text: string, offset: number, checker: FilterChecker): number {
  const at = checker.text(node).indexOf(text);
  return at === -1 ? node.start : node.start + at + offset;
}

function duration(call: Call, [text]: readonly [CelNode, CelNode], checker: FilterChecker): Term {
  const value = text.op === 'value' && typeof text.value === 'string' ? celDuration(text.value) : undefined;
  if (value !== undefined) return { kind: 'constant', type: 'duration', value };
  const hint = 'write duration("1h30m"), with h, m, s, ms, us and ns, up to 292 years';
  throw checker.error(text, `${checker.text(call)} is no duration`, hint);
}

function double(_call: Call, [value]: readonly [CelNode, CelNode], checker: FilterChecker): Term {
  const term = checker.term(value);
  if (term.type === 'double') return term;
  if (term.type !== 'int') {
    throw checker.error(value, `double is made from an int, but ${checker.typeSentence(value, term.type)}`);
  }
  if (term.kind === 'constant') return { kind: 'constant', type: 'double', value: Number(term.value) };
  return { kind: 'toDouble', type: 'double', value: term };
}

function size(_call: Call, [value]: readonly [CelNode, CelNode], checker: FilterChecker): Term {
  const term = checker.term(value);
  if (term.type !== 'string' && term.type !== 'bytes') {
    throw checker.error(
      value,
      `strings and buffers have a size, but ${checker.typeSentence(value, term.type)}`,
    );
  }
  if (term.kind === 'constant' && term.value instanceof Uint8Array) {
    return { kind: 'constant', type: 'int', value: BigInt(term.value.length) };
  }
  return { kind: 'size', type: 'int', value: term };
}

function stringTerm(node: CelNode, name: string, checker: FilterChecker): Term {
  const term = checker.term(node);
  // An address is tested as its text: addr.startsWith("10.1.").
  if (term.type === 'string' || term.type === 'ip') return term;
  throw checker.error(node, `${name} is for strings, but ${checker.typeSentence(node, term.type)}`);
}

function textTest(op: TextTest): FunctionRule['check'] {
  return (_call, [value, argument], checker) => {
    const term = stringTerm(value, op, checker);
    const text = stringTerm(argument, op, checker);
    if (text.kind === 'constant') requireFit(text, argument, term, value, checker, 'part');
    return { kind: 'text', type: 'bool', op, value: term, argument: text };
  };
}

function matches(_call: Call, [value, pattern]: readonly [CelNode, CelNode], checker: FilterChecker): Term {
  const term = stringTerm(value, 'matches', checker);
  if (pattern.op !== 'value' || typeof pattern.value !== 'string') {
    throw checker.error(pattern, 'the expression that matches takes must be a string literal');
  }
  try {
    re2Pattern(pattern.value);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const start = offsetIn(pattern, pattern.value, error.offset, checker);
    const known = start !== pattern.start;
    const range = known ? { start, end: start + error.length } : pattern;
    throw checker.error(
      range,
      `no regular expression: ${error.message}`,
      "the syntax is RE2's, github.com/google/re2/wiki/Syntax",
    );
  }
  return { kind: 'matches', type: 'bool', value: term, pattern: pattern.value };
}
