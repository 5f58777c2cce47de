import { nearestNames } from '../../../api/index.ts';
import {
  allowedCollations,
  allowedFunctions,
  allowedTableFunctions,
  allowedTypes,
} from './allowedFunctions.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';

/** A node of what json_serialize_sql() makes of a statement. */
type Node = Readonly<Record<string, unknown>>;

/** What may stand under one key of a node. */
type Rule = (checker: SqlChecker, value: unknown, node: Node) => void;

/** Keys that a node of some type may have; a node with another key is refused: it means something we do not know. */
type Shape = Readonly<Record<string, Rule>>;

/** What a checked statement looks at. */
export interface CheckedSql {
  /** Names of tables as they are in `tables`. */
  tables: Set<string>;
  /** Where tables stand in the statement that are named without their schema; in bytes of UTF-8. */
  unqualified: number[];
}

/** Where views for readers are: see store/layout.ts. */
const readableSchema = 'events';

/** Deeper ones exhaust somebody's stack. */
const maxDepth = 200;

/**
 * Checks that a statement is one SELECT over allowed tables, made of nothing but what is listed here: an allow-list of
 * nodes, of their keys, functions, types and tables.
 *
 * @param sql for messages
 * @param serialized json_serialize_sql(sql), by the DuckDB that is going to run it
 * @param tables that may be read: names of views in the schema `events`, which may be left out
 * @throws SqlRefusedError
 */
export function checkSql(sql: string, serialized: string, tables: readonly string[]): CheckedSql {
  const parsed = JSON.parse(serialized) as Node;
  if (parsed['error'] === true) throw notSelect(sql, parsed);
  const statements = parsed['statements'] as Node[];
  const [statement] = statements;
  if (statement === undefined) throw new SqlRefusedError('there is no statement', sql, undefined);
  if (statements.length > 1) {
    throw new SqlRefusedError('one statement at a time', sql, undefined, 'leave out all but one SELECT');
  }
  const checker = new SqlChecker(sql, tables);
  checker.shape(statement, queryWrapper, 'statement');
  return { tables: checker.used, unqualified: checker.unqualified };
}

function notSelect(sql: string, parsed: Node): SqlRefusedError {
  const position = Number(parsed['position']);
  const offset = Number.isInteger(position) ? position : undefined;
  const message = text(parsed['error_message']);
  if (parsed['error_type'] === 'not implemented') {
    return new SqlRefusedError(
      'only SELECT can be run here (and FROM, WITH and VALUES, which are SELECTs)',
      sql,
      undefined,
      "PIVOT can be written with FILTER: count(*) FILTER (comm = 'cat')",
    );
  }
  return new SqlRefusedError(message, sql, offset);
}

class SqlChecker {
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
    this.#tables = new Map(tables.map((name) => [name.toLowerCase(), name]));
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
      this.#scope = [...this.#scope, text(key).toLowerCase()];
    }
    if (node['type'] === 'RECURSIVE_CTE_NODE') {
      // Its own name is known to its right side only.
      const name = text(node['cte_name']).toLowerCase();
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
    const lower = name.toLowerCase();
    if (catalog === '' && schema === '' && this.#scope.includes(lower)) return;
    if (catalog === '' && schema.toLowerCase() === 'recurring' && this.#recurring.includes(lower)) return;
    const readable = catalog === '' && ['', readableSchema].includes(schema.toLowerCase());
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
    const name = text(node['function_name']).toLowerCase();
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

const typeInfos: ReadonlySet<string> = new Set([
  'DECIMAL_TYPE_INFO',
  'LIST_TYPE_INFO',
  'STRUCT_TYPE_INFO',
  'ARRAY_TYPE_INFO',
  'UNBOUND_TYPE_INFO',
  'INTEGER_LITERAL_TYPE_INFO',
  'STRING_TYPE_INFO',
]);

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

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

// Rules.
/** A plain value without any power: a name, a flag. */
const plain: Rule = (checker, value, node) => {
  const values = Array.isArray(value) ? value : [value];
  const ok = values.every((each) => each === null || ['string', 'number', 'boolean'].includes(typeof each));
  if (!ok) throw checker.refusal(node, 'this form cannot be used here');
};
const absent =
  (what: string): Rule =>
  (checker, value, node) => {
    const empty =
      value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0);
    if (!empty) throw checker.refusal(node, `${what} cannot be used here`);
  };
/** Looked at where the node is. */
const elsewhere: Rule = () => undefined;
const many =
  (rule: Rule): Rule =>
  (checker, value, node) => {
    for (const each of value as unknown[]) rule(checker, each, node);
  };
const optional =
  (rule: Rule): Rule =>
  (checker, value, node) => {
    if (value !== null) rule(checker, value, node);
  };
const shaped =
  (shape: () => Shape, what: string): Rule =>
  (checker, value) => {
    checker.shape(value as Node, shape(), what);
  };
const expression: Rule = (checker, value) => {
  checker.typed(value, expressions, 'class', 'an expression');
};
const table: Rule = (checker, value) => {
  checker.typed(value, tableRefs, 'type', 'what FROM names');
};
const query: Rule = (checker, value) => {
  checker.query(value);
};
const modifier: Rule = (checker, value) => {
  checker.typed(value, modifiers, 'type', 'what follows a SELECT');
};
const wrappedQuery: Rule = (checker, value) => {
  checker.shape(value as Node, queryWrapper, 'a query');
};
const columnName: Rule = (checker, value) => {
  const shape = { catalog: absent('a catalog'), schema: absent('a schema'), table: plain, column: plain };
  checker.shape(value as Node, shape, 'a column');
};

const location = { query_location: plain };
const queryWrapper: Shape = {
  node: query,
  named_param_map: (checker, value, node) => {
    const none = Array.isArray(value) ? value.length === 0 : Object.keys(value as Node).length === 0;
    if (!none) throw checker.refusal(node, 'a parameter ($1) cannot be used here', 'write the value itself');
  },
};
const commonTable: Shape = {
  ...location,
  aliases: plain,
  query: wrappedQuery,
  materialized: plain,
  key_targets: many(expression),
};

const order: Shape = { type: plain, null_order: plain, expression };
const orders = many(shaped(() => order, 'ORDER BY'));
const modifiers: Readonly<Record<string, Shape>> = {
  ORDER_MODIFIER: { type: plain, orders },
  LIMIT_MODIFIER: { type: plain, limit: optional(expression), offset: optional(expression) },
  LIMIT_PERCENT_MODIFIER: { type: plain, limit: optional(expression), offset: optional(expression) },
  DISTINCT_MODIFIER: { type: plain, distinct_on_targets: many(expression) },
};

const queryCommon: Shape = { ...location, type: plain, modifiers: many(modifier), cte_map: elsewhere };
const queries: Readonly<Record<string, Shape>> = {
  SELECT_NODE: {
    ...queryCommon,
    select_list: many(expression),
    from_table: optional(table),
    where_clause: optional(expression),
    group_expressions: many(expression),
    group_sets: many(plain),
    aggregate_handling: plain,
    having: optional(expression),
    sample: (checker, value, node) => {
      sample(checker, value, node);
    },
    qualify: optional(expression),
  },
  SET_OPERATION_NODE: { ...queryCommon, setop_type: plain, left: query, right: query, setop_all: plain },
  RECURSIVE_CTE_NODE: {
    ...queryCommon,
    cte_name: plain,
    union_all: plain,
    left: elsewhere,
    right: elsewhere,
    aliases: plain,
    key_targets: many(expression),
  },
};

const constantValue: Shape = {
  type: (checker, value, node) => {
    checker.type(value, node);
  },
  is_null: plain,
  value: (checker, value, node) => {
    constant(checker, value, node);
  },
};
const sample: Rule = optional(
  shaped(
    () => ({
      sample_size: shaped(() => constantValue, 'a sample'),
      is_percentage: plain,
      method: plain,
      seed: plain,
      repeatable: plain,
    }),
    'a sample',
  ),
);

/** Numbers, strings, and what lists and structures of them look like. */
const constant: Rule = (checker, value, node) => {
  if (typeof value !== 'object' || value === null) return;
  for (const each of Object.values(value)) {
    const inner = each as unknown;
    if (typeof inner === 'object' && inner !== null) constant(checker, inner, node);
  }
};

const tableCommon: Shape = { ...location, type: plain, alias: plain, sample };
const tableRefs: Readonly<Record<string, Shape>> = {
  BASE_TABLE: {
    ...tableCommon,
    schema_name: plain,
    table_name: (checker, _value, node) => {
      checker.table(node);
    },
    catalog_name: plain,
    column_name_alias: plain,
    at_clause: absent('AT'),
  },
  SUBQUERY: { ...tableCommon, subquery: wrappedQuery, column_name_alias: plain },
  JOIN: {
    ...tableCommon,
    left: table,
    right: table,
    condition: optional(expression),
    join_type: plain,
    ref_type: plain,
    using_columns: plain,
    delim_flipped: plain,
    duplicate_eliminated_columns: many(expression),
  },
  TABLE_FUNCTION: {
    ...tableCommon,
    function: (checker, value) => {
      const node = value as Node;
      checker.function(node, allowedTableFunctions);
      checker.shape(node, { ...expressions['FUNCTION'], function_name: plain }, 'a function');
    },
    column_name_alias: plain,
    with_ordinality: plain,
  },
  EXPRESSION_LIST: {
    ...tableCommon,
    expected_names: plain,
    expected_types: absent('a type of VALUES'),
    values: many(many(expression)),
  },
  EMPTY: tableCommon,
};

const expressionCommon: Shape = { ...location, class: plain, type: plain, alias: plain };
const functionCall: Shape = {
  ...expressionCommon,
  function_name: (checker, _value, node) => {
    checker.function(node, allowedFunctions);
  },
  schema: plain,
  catalog: plain,
  children: many(expression),
  distinct: plain,
};
const expressions: Readonly<Record<string, Shape>> = {
  COLUMN_REF: { ...expressionCommon, column_names: plain },
  CONSTANT: { ...expressionCommon, value: shaped(() => constantValue, 'a value') },
  FUNCTION: {
    ...functionCall,
    filter: optional(expression),
    order_bys: optional(modifier),
    is_operator: plain,
    export_state: absent('EXPORT_STATE'),
  },
  WINDOW: {
    ...functionCall,
    partitions: many(expression),
    orders,
    start: plain,
    end: plain,
    start_expr: optional(expression),
    end_expr: optional(expression),
    offset_expr: optional(expression),
    default_expr: optional(expression),
    ignore_nulls: plain,
    filter_expr: optional(expression),
    exclude_clause: plain,
    arg_orders: orders,
  },
  COMPARISON: { ...expressionCommon, left: expression, right: expression },
  CONJUNCTION: { ...expressionCommon, children: many(expression) },
  OPERATOR: { ...expressionCommon, children: many(expression) },
  BETWEEN: { ...expressionCommon, input: expression, lower: expression, upper: expression },
  CASE: {
    ...expressionCommon,
    case_checks: many(shaped(() => ({ when_expr: expression, then_expr: expression }), 'CASE')),
    else_expr: optional(expression),
  },
  CAST: {
    ...expressionCommon,
    child: expression,
    cast_type: (checker, value, node) => {
      checker.type(value, node);
    },
    try_cast: plain,
  },
  COLLATE: {
    ...expressionCommon,
    child: expression,
    collation: (checker, value, node) => {
      for (const part of text(value).toLowerCase().split('.')) {
        if (!allowedCollations.has(part)) {
          const hint = `there are ${[...allowedCollations].join(', ')}`;
          throw checker.refusal(node, `the collation ${part} cannot be used here`, hint);
        }
      }
    },
  },
  LAMBDA: { ...expressionCommon, lhs: expression, expr: expression },
  SUBQUERY: {
    ...expressionCommon,
    subquery_type: plain,
    subquery: wrappedQuery,
    child: optional(expression),
    comparison_type: plain,
  },
  STAR: {
    ...expressionCommon,
    relation_name: plain,
    exclude_list: plain,
    qualified_exclude_list: many(columnName),
    replace_list: many(shaped(() => ({ key: plain, value: expression }), 'REPLACE')),
    rename_list: many(shaped(() => ({ key: columnName, value: plain }), 'RENAME')),
    columns: plain,
    expr: optional(expression),
  },
};
