import { allowedCollations, allowedFunctions, allowedTableFunctions } from './allowedFunctions.ts';
import type { SqlChecker } from './sqlChecker.ts';
import { folded, text, type Node } from './sqlNode.ts';

/*
 * The allow-list: which nodes a statement may be made of, and what may stand under each of their keys.
 */

/** What may stand under one key of a node. */
export type Rule = (checker: SqlChecker, value: unknown, node: Node) => void;

/** Keys that a node of some type may have; a node with another key is refused: it means something we do not know. */
export type Shape = Readonly<Record<string, Rule>>;

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
/** What json_serialize_sql() puts around a query. */
export const queryWrapper: Shape = {
  node: query,
  named_param_map: (checker, value, node) => {
    const none = Array.isArray(value) ? value.length === 0 : Object.keys(value as Node).length === 0;
    if (!none) throw checker.refusal(node, 'a parameter ($1) cannot be used here', 'write the value itself');
  },
};
/** A query of WITH. */
export const commonTable: Shape = {
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
/** Queries by their type. */
export const queries: Readonly<Record<string, Shape>> = {
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

/** A literal. */
export const constantValue: Shape = {
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
      for (const part of folded(text(value)).split('.')) {
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
