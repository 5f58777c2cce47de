import { Environment, ParseError } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { FilterError } from './filterError.ts';
import type { FilterSource } from './filterError.ts';

export type CelBinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

/**
 * The syntax tree of a filter: the parser's nodes, narrowed to the forms it can give us. `start` and `end` are
 * offsets into the source; parentheses around a node do not count.
 */
export type CelNode = { start: number; end: number } & (
  | { op: 'value'; value: bigint | number | string | boolean | null | Uint8Array }
  | { op: 'id'; name: string }
  /** object.name; nameStart is where the name begins. */
  | { op: 'field'; object: CelNode; name: string; nameStart: number }
  | { op: 'index'; object: CelNode; index: CelNode }
  /** name(args) or receiver.name(args); nameStart is where the name begins. */
  | { op: 'call'; name: string; nameStart: number; receiver: CelNode | undefined; args: CelNode[] }
  | { op: 'list'; elements: CelNode[] }
  | { op: 'map' }
  | { op: 'binary'; operator: CelBinaryOperator; left: CelNode; right: CelNode }
  | { op: 'and' | 'or'; left: CelNode; right: CelNode }
  | { op: 'not'; operand: CelNode }
  | { op: 'negate'; operand: CelNode }
  | { op: 'conditional'; condition: CelNode; then: CelNode; otherwise: CelNode }
);

/** More than anyone writes, and few enough that recursion over the tree is safe. */
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 2000, maxDepth: 64, maxListElements: 256, maxCallArguments: 8 },
});

/**
 * Parses CEL; nothing of it is checked beyond the syntax.
 * @throws {FilterError}
 */
export function parseCel(source: FilterSource): CelNode {
  if (/^\s*$/.test(source.text)) {
    throw new FilterError(
      'the filter is empty',
      source,
      { start: 0, end: 0 },
      'leave the filter out to keep every event',
    );
  }
  try {
    return convert(environment.parse(source.text).ast);
  } catch (error) {
    if (error instanceof ParseError) throw syntaxError(error, source);
    throw error;
  }
}

function convert(node: ASTNode): CelNode {
  const { start, end } = node;
  switch (node.op) {
    case 'value': {
      const value = node.args;
      // 5u: the parser's own class, which it does not export.
      if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
        return { op: 'value', value: value.value, start, end };
      }
      return { op: 'value', value, start, end };
    }
    case 'id':
      return { op: 'id', name: node.args, start, end };
    case '.':
    case '.?':
      return {
        op: 'field',
        object: convert(node.args[0]),
        name: node.args[1],
        nameStart: node.pos,
        start,
        end,
      };
    case '[]':
    case '[?]':
      return { op: 'index', object: convert(node.args[0]), index: convert(node.args[1]), start, end };
    case 'call':
      return {
        op: 'call',
        name: node.args[0],
        nameStart: start,
        receiver: undefined,
        args: node.args[1].map(convert),
        start,
        end,
      };
    case 'rcall': {
      const [name, receiver, args] = node.args;
      const nameStart = node.input.indexOf(name, receiver.end);
      return {
        op: 'call',
        name,
        nameStart,
        receiver: convert(receiver),
        args: args.map(convert),
        start,
        end,
      };
    }
    case 'list':
      return { op: 'list', elements: node.args.map(convert), start, end };
    case 'map':
      return { op: 'map', start, end };
    case '?:': {
      const [condition, then, otherwise] = node.args;
      return {
        op: 'conditional',
        condition: convert(condition),
        then: convert(then),
        otherwise: convert(otherwise),
        start,
        end,
      };
    }
    case '&&':
    case '||':
      return {
        op: node.op === '&&' ? 'and' : 'or',
        left: convert(node.args[0]),
        right: convert(node.args[1]),
        start,
        end,
      };
    case '!_':
      return { op: 'not', operand: convert(node.args), start, end };
    case '-_':
      return { op: 'negate', operand: convert(node.args), start, end };
    default:
      return {
        op: 'binary',
        operator: node.op,
        left: convert(node.args[0]),
        right: convert(node.args[1]),
        start,
        end,
      };
  }
}

/** The parser speaks of its tokens; this speaks of what is written. */
function syntaxError(error: ParseError, source: FilterSource): FilterError {
  const text = source.text;
  const range = error.range ?? { start: 0, end: text.length };
  const rest = text.slice(range.start);
  const found = rest.trim() === '' ? 'the end' : `'${/^(\w+|.)/su.exec(rest.trimStart())?.[0] ?? rest}'`;
  switch (error.code) {
    case 'unexpected_token':
      return new FilterError(`a value is missing before ${found}`, source, range);
    case 'unexpected_character':
      return new FilterError(`${found} is not expected here`, source, range, characterHint(rest));
    case 'expected_token': {
      const expected = tokens[/Expected (\w+)/.exec(error.summary)?.[1] ?? ''] ?? 'something else';
      return new FilterError(`${expected} is expected instead of ${found}`, source, range);
    }
    case 'reserved_identifier': {
      const hint = rest.startsWith('namespace') ? 'the namespace of the pod is k8s.namespace' : undefined;
      return new FilterError(`${found} is a reserved word of CEL`, source, range, hint);
    }
    case 'limit_exceeded':
      return new FilterError('the filter is too large or nested too deeply', source, range);
    case 'invalid_macro_argument':
      return new FilterError(
        error.summary,
        source,
        range,
        'filters have no macros such as exists, all, map and filter',
      );
    default:
      return new FilterError(error.summary.charAt(0).toLowerCase() + error.summary.slice(1), source, range);
  }
}

const tokens: Readonly<Record<string, string>> = {
  RPAREN: "')'",
  RBRACKET: "']'",
  RBRACE: "'}'",
  COLON: "':'",
  IDENTIFIER: 'a name',
};

function characterHint(rest: string): string | undefined {
  if (rest.startsWith('=')) return 'compare with ==';
  if (rest.startsWith('|') || rest.startsWith('&')) {
    return 'CEL has no bit operators: test flags with has_flags(value, [A, B]), join conditions with && and ||';
  }
  return undefined;
}

/** A node as it is written, with the parentheses that belong to it. */
export function sourceOf(node: CelNode, source: FilterSource): string {
  const { text } = source;
  let { start, end } = node;
  let depth = 0;
  let missing = 0;
  const slice = text.slice(start, end);
  for (const [token] of slice.matchAll(/[rRbB]?("""|'''|"|')(?:\\.|[^])*?\1|\/\/[^\n]*|[()]/g)) {
    if (token === '(') depth += 1;
    if (token === ')' && depth > 0) depth -= 1;
    else if (token === ')') missing += 1;
  }
  for (; missing > 0; missing -= 1) start = text.lastIndexOf('(', start - 1);
  for (; depth > 0; depth -= 1) end = text.indexOf(')', end) + 1;
  return text
    .slice(start, end)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
