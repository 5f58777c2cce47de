import { nearestNames } from '../../../api/index.ts';
import { allowedTableFunctions, allowedTypes } from './allowedFunctions.ts';
import { folded, text, type Node } from './sqlNode.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';
import { commonTable, constantValue, queries, type Shape } from './sqlShapes.ts';

/** Where views for readers are: see store/layout.ts. */
const readableSchema = 'events';

/** Deeper ones exhaust somebody's stack. */
const maxDepth = 200;

const typeInfos: ReadonlySet<string> = new Set([
  'DECIMAL_TYPE_INFO',
  'LIST_TYPE_INFO',
  'STRUCT_TYPE_INFO',
  'ARRAY_TYPE_INFO',
  'UNBOUND_TYPE_INFO',
  'INTEGER_LITERAL_TYPE_INFO',
  'STRING_TYPE_INFO',
]);

/** Names of nodes for people. */
const words: Readonly<Record<string, string>> = {
  SHOW_REF: 'DESCRIBE, SHOW or SUMMARIZE',
  PIVOT: 'PIVOT',
  POSITIONAL_REFERENCE: 'a column by its number (#1)',
  PARAMETER: 'a parameter ($1)',
  VALUE_PARAMETER: 'a parameter ($1)',
  DEFAULT: 'DEFAULT',
  BASE_TABLE: 'a table',
  TABLE_FUNCTION: 'a function that makes rows',
  SUBQUERY: 'a query in parentheses',
  JOIN: 'JOIN',
  EXPRESSION_LIST: 'VALUES',
  EMPTY: 'nothing',
  SELECT_NODE: 'SELECT',
  SET_OPERATION_NODE: 'UNION, INTERSECT or EXCEPT',
  RECURSIVE_CTE_NODE: 'WITH RECURSIVE',
};

/** Walks a statement by the shapes that its nodes may have, and notes the tables that it looks at. */
export class SqlChecker {
  readonly used = new Set<string>();
  readonly unqualified: number[] = [];
  readonly #sql: string;
  /** By lower case: names are compared without it. */
  readonly #tables: ReadonlyMap<string, string>;
  /** Names of WITH that can be seen at this node, in lower case. */
  #scope: readonly string[] = [];
  #recurring: readonly string[] = [];
  #depth = 0;

  constructor(sql: string, tables: readonly string[]) {
    this.#sql = sql;
    this.#tables = new Map(tables.map((name) => [folded(name), name]));
  }

  refusal(node: Node, summary: string, hint?: string): SqlRefusedError {
    const location = Number(node['query_location']);
    // 2^64 − 1 says that there is none.
    const known = Number.isSafeInteger(location) && location <= this.#sql.length;
    return new SqlRefusedError(summary, this.#sql, known ? location : undefined, hint);
  }

  /** Every key of the node by its rule. */
  shape(node: Node, shape: Shape, what: string): void {
    if (++this.#depth > maxDepth) throw this.refusal(node, `the statement is nested deeper than ${maxDepth}`);
    for (const [key, value] of Object.entries(node)) {
      const rule = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (rule === undefined) {
        if (value === null) continue;
        throw this.refusal(node, `${what} with ${key} cannot be used here`);
      }
      rule(this, value, node);
    }
    this.#depth--;
  }

  /** A node whose type chooses its shape. */
  typed(value: unknown, shapes: Readonly<Record<string, Shape>>, key: string, what: string): void {
    const node = value as Node;
    const type = text(node[key]);
    const shape = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
    if (shape === undefined) {
      const name = words[type] ?? type;
      const allowed = Object.keys(shapes).map((each) => words[each] ?? each);
      throw this.refusal(node, `${name} cannot be used here`, `${what} is one of: ${allowed.join(', ')}`);
    }
    this.shape(node, shape, words[type] ?? type);
  }

  /** A query with its WITH, which its own parts can see and nothing outside it. */
  query(value: unknown): void {
    const node = value as Node;
    const [scope, recurring] = [this.#scope, this.#recurring];
    const entries = ((node['cte_map'] as Node | undefined)?.['map'] ?? []) as Node[];
    for (const { key, value: definition } of entries) {
      this.shape(definition as Node, commonTable, 'WITH');
      this.#scope = [...this.#scope, folded(text(key))];
    }
    if (node['type'] === 'RECURSIVE_CTE_NODE') {
      // Its own name is known to its right side only.
      const name = folded(text(node['cte_name']));
      this.query(node['left']);
      const [outer, outerRecurring] = [this.#scope, this.#recurring];
      this.#scope = [...outer, name];
      this.#recurring = [...outerRecurring, name];
      this.query(node['right']);
      [this.#scope, this.#recurring] = [outer, outerRecurring];
    }
    this.typed(node, queries, 'type', 'a query');
    [this.#scope, this.#recurring] = [scope, recurring];
  }

  table(node: Node): void {
    const name = text(node['table_name']);
    const [catalog, schema] = [text(node['catalog_name']), text(node['schema_name'])];
    const lower = folded(name);
    if (catalog === '' && schema === '' && this.#scope.includes(lower)) return;
    if (catalog === '' && folded(schema) === 'recurring' && this.#recurring.includes(lower)) return;
    const readable = catalog === '' && ['', readableSchema].includes(folded(schema));
    const known = readable ? this.#tables.get(lower) : undefined;
    if (known !== undefined) {
      this.used.add(known);
      if (schema === '') this.unqualified.push(Number(node['query_location']));
      return;
    }
    const written = [catalog, schema, name].filter((part) => part !== '').join('.');
    throw this.refusal(node, `there is no table ${written}, or you may not read it`, this.#tableHint(name));
  }

  #tableHint(name: string): string {
    const all = [...this.#tables.values()];
    if (all.length === 0) return 'there is no probe with events that you may read';
    const nearest = nearestNames(name, all, 3);
    const shown = (nearest.length > 0 ? nearest : all.slice(0, 10)).map(quoted).join(', ');
    const more = nearest.length === 0 && all.length > 10 ? `, … (${all.length} in all)` : '';
    return `${nearest.length > 0 ? 'did you mean' : 'there are'} ${shown}${more}${nearest.length > 0 ? '?' : ''}`;
  }

  function(node: Node, allowed: ReadonlySet<string>): void {
    const name = folded(text(node['function_name']));
    const [catalog, schema] = [text(node['catalog']), text(node['schema'])];
    // The parser itself writes main.list_value() for [1, 2], main.date_part() for extract().
    if (catalog === '' && (schema === '' || schema === 'main') && allowed.has(name)) return;
    const written = [catalog, schema, name].filter((part) => part !== '').join('.');
    const nearest = nearestNames(name, allowed, 3);
    const hint =
      nearest.length > 0
        ? `did you mean ${nearest.join(' or ')}?`
        : 'allowed are functions of numbers, strings, times and lists, and aggregates, that look at their arguments only';
    const where = allowed === allowedTableFunctions ? ' in FROM' : '';
    throw this.refusal(node, `the function ${written} cannot be used here${where}`, hint);
  }

  type(value: unknown, at: Node): void {
    const { id, type_info: info, ...rest } = value as Node;
    if (Object.keys(rest).length > 0) throw this.refusal(at, 'this type cannot be used here');
    const { name } = (info ?? {}) as Node;
    const written = id === 'UNBOUND' ? text(name) : text(id);
    if (!allowedTypes.has(written.toUpperCase())) {
      throw this.refusal(at, `the type ${written} cannot be used here`);
    }
    if (info !== null) this.#typeInfo(info as Node, at);
  }

  #typeInfo(info: Node, at: Node): void {
    const { type, alias, extension_info: extension, catalog, schema, ...rest } = info;
    const plain = [alias, extension, catalog, schema].every((each) => (each ?? '') === '');
    if (!plain || !typeInfos.has(text(type))) throw this.refusal(at, 'this type cannot be used here');
    for (const [key, value] of Object.entries(rest)) {
      if (key === 'child_type') this.type(value, at);
      else if (key === 'child_types') {
        for (const { first, second, ...other } of value as Node[]) {
          if (Object.keys(other).length > 0 || typeof first !== 'string')
            throw this.refusal(at, 'this type cannot be used here');
          this.type(second, at);
        }
      } else if (key === 'user_type_modifiers') {
        for (const each of value as Node[]) this.shape(each, { ...constantValue }, 'type');
      } else if (!['width', 'scale', 'size', 'name'].includes(key)) {
        throw this.refusal(at, `a type with ${key} cannot be used here`);
      }
    }
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
