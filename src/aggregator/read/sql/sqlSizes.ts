import { folded, text, type Node } from './sqlNode.ts';
import { SqlRefusedError } from './sqlRefusedError.ts';

/*
 * DuckDB works on 2,048 rows at a time, and does not count the strings and lists that functions make of them against
 * its memory limit, nor can it be interrupted before it has made them (measured with DuckDB 1.5, a limit of 256 MiB and
 * one thread: replace() 1.8 GiB, list_reduce() 3 GiB, strftime() 1.2 GiB). So it is worked out beforehand how large
 * values can become, from the sizes of what they are made of. What grows from rows, aggregates and recursion, is
 * counted, or stopped while it grows: see MemoryGuard.
 */

/** Of a stored string, in bytes: what probes capture at most, unless they are told otherwise. */
const storedBytes = 4096;
/** Of a number, a time and whatever else has a size of its own. */
const smallBytes = 40;
/** Of the values that all functions of a statement make of one row, and of each of them. */
const maxBytes = 1 << 20;
const maxValueBytes = maxBytes / 4;
/** Of what aggregates collect from rows: to be looked at, not to be made longer. */
const collectedBytes = maxBytes / 8;
/** Rounds of WITH RECURSIVE that make nothing longer of this make nothing longer at all. */
const roundBytes = maxBytes / 16;
/**
 * Expressions that are looked at. What is within WITH RECURSIVE or a lambda is looked at several times, and again in each
 * one around it; no statement that prepareSql.ts takes has so many that are looked at once.
 */
const mostLooks = 1 << 16;

const words = (names: string): ReadonlySet<string> =>
  new Set(names.split(/\s+/).filter((name) => name !== ''));

const small = words(`
  + - * / // % ** ^ & | ~ << >> @> <@ && @ !~~ ~~ ~~* !~~* ~~~ count count_star sum avg length len strlen char_length
  character_length array_length cardinality abs ceil ceiling floor round trunc sign sqrt mod pow power hash md5 sha1
  sha256 date_trunc date_part date_diff time_bucket epoch epoch_ms epoch_us epoch_ns row_number rank dense_rank ntile
  add subtract multiply divide contains starts_with ends_with prefix suffix position strpos instr regexp_matches
  regexp_full_match now today make_timestamp make_timestamp_ns to_timestamp
`);
const collecting = words(`
  string_agg group_concat listagg list array_agg histogram histogram_exact approx_top_k
`);
const shortening = words('left right substring substr left_grapheme substring_grapheme');
const transforming = words('list_transform array_transform list_apply apply');
const reducing = words('list_reduce reduce');
/** How many times longer than their arguments results can be. An element of a list takes 16 bytes. */
const factors: Readonly<Record<string, number>> = {
  ...{ hex: 2, to_hex: 2, bin: 8, to_binary: 8, base64: 2, to_base64: 2, url_encode: 3, regexp_escape: 2 },
  ...{ upper: 1.5, ucase: 1.5, lower: 1.5, lcase: 1.5, nfc_normalize: 3, encode: 1, decode: 4 },
  ...{ string_split: 17, str_split: 17, split: 17, string_to_array: 17, string_split_regex: 17 },
  ...{ str_split_regex: 17, regexp_extract_all: 17, regexp_split_to_array: 17, parse_path: 17 },
};

interface Scope {
  /** Of any column that can be seen. */
  columns: number;
  /** Of aliases, which columns may be called as well; names in lower case. */
  aliases: ReadonlyMap<string, number>;
  /** Of what lambdas call the elements. */
  parameters: ReadonlyMap<string, number>;
  /** Of the columns of each name of WITH. */
  queries: ReadonlyMap<string, number>;
}

/**
 * Refuses a statement that could make values beyond any memory limit. It must have been checked: it is made of the
 * nodes of sqlShapes.ts alone.
 */
export class SqlSizes {
  readonly #refusal: (node: Node, summary: string, hint: string) => SqlRefusedError;
  #made = 0;
  #looks = 0;

  constructor(refusal: (node: Node, summary: string, hint: string) => SqlRefusedError) {
    this.#refusal = refusal;
  }

  /** @throws SqlRefusedError */
  check(statement: Node): void {
    this.#query(statement['node'], {
      columns: 0,
      aliases: new Map(),
      parameters: new Map(),
      queries: new Map(),
    });
  }

  /** @returns the size of its columns */
  #query(value: unknown, outer: Scope): number {
    const node = value as Node;
    let scope = outer;
    for (const { key, value: definition } of ((node['cte_map'] as Node | undefined)?.['map'] ??
      []) as Node[]) {
      const size = this.#query(((definition as Node)['query'] as Node)['node'], scope);
      scope = { ...scope, queries: new Map([...scope.queries, [folded(text(key)), size]]) };
    }
    switch (node['type']) {
      case 'RECURSIVE_CTE_NODE':
        return this.#recursive(node, scope);
      case 'SET_OPERATION_NODE': {
        const columns = Math.max(this.#query(node['left'], scope), this.#query(node['right'], scope));
        return Math.max(columns, this.#largest(node['modifiers'], { ...scope, columns }));
      }
      default:
        return this.#select(node, scope);
    }
  }

  #select(node: Node, outer: Scope): number {
    const { select_list: list, from_table: from, ...others } = node;
    let scope = { ...outer, columns: Math.max(outer.columns, this.#table(from, outer)) };
    let size = 0;
    for (const each of list as Node[]) {
      const own = this.#size(each, scope);
      size = Math.max(size, own);
      const alias = folded(text(each['alias']));
      // Later expressions may use it.
      if (alias !== '') {
        const before = scope.aliases.get(alias) ?? 0;
        scope = { ...scope, aliases: new Map([...scope.aliases, [alias, Math.max(own, before)]]) };
      }
    }
    this.#largest({ ...others, cte_map: undefined }, scope);
    return size;
  }

  /** What its rounds make must not become longer from round to round. */
  #recursive(node: Node, scope: Scope): number {
    const name = folded(text(node['cte_name']));
    const round = (size: number): number =>
      this.#query(node['right'], { ...scope, queries: new Map([...scope.queries, [name, size]]) });
    const first = this.#query(node['left'], scope);
    const made = this.#made;
    if (round(first) <= first) return first;
    const bound = round(roundBytes);
    this.#made = made;
    if (bound <= roundBytes) return Math.max(first, round(bound));
    throw this.#refusal(
      node,
      `WITH RECURSIVE ${name} makes longer values in every round`,
      'bound them, with left(x, 200) for example',
    );
  }

  #table(value: unknown, scope: Scope): number {
    const node = (value ?? { type: 'EMPTY' }) as Node;
    switch (node['type']) {
      case 'BASE_TABLE':
        return this.#tableColumns(node, scope);
      case 'SUBQUERY':
        return this.#query((node['subquery'] as Node)['node'], scope);
      case 'JOIN': {
        const left = this.#table(node['left'], scope);
        // LATERAL sees what is on its left.
        const lateral = { ...scope, columns: Math.max(scope.columns, left) };
        const columns = Math.max(left, this.#table(node['right'], lateral));
        this.#largest(node['condition'], { ...scope, columns: Math.max(scope.columns, columns) });
        return columns;
      }
      default:
        return this.#largest(node, scope);
    }
  }

  #tableColumns(node: Node, { queries }: Scope): number {
    const isStored = folded(text(node['schema_name'])) === 'events';
    return (isStored ? undefined : queries.get(folded(text(node['table_name'])))) ?? storedBytes;
  }

  /** Of the largest of all values in it. */
  #largest(value: unknown, scope: Scope): number {
    if (typeof value !== 'object' || value === null) return 0;
    if (Array.isArray(value)) return Math.max(0, ...value.map((each) => this.#largest(each, scope)));
    const node = value as Node;
    if (typeof node['class'] === 'string') return this.#size(node, scope);
    return Math.max(0, ...Object.values(node).map((each) => this.#largest(each, scope)));
  }

  /** Of the value of an expression. */
  #size(node: Node, scope: Scope): number {
    if (++this.#looks > mostLooks) {
      throw this.#refusal(
        node,
        'too many WITH RECURSIVE or lambdas are within one another',
        'nest them less deeply',
      );
    }
    const parts = { ...node, class: undefined };
    switch (node['class']) {
      case 'CONSTANT':
        return Buffer.byteLength(literal(node) ?? '') || smallBytes;
      case 'COLUMN_REF': {
        const [first, ...more] = (node['column_names'] as unknown[]).map((name) => folded(text(name)));
        const alias = more.length === 0 ? scope.aliases.get(first ?? '') : undefined;
        return scope.parameters.get(first ?? '') ?? Math.max(scope.columns, alias ?? 0);
      }
      case 'STAR':
        return Math.max(scope.columns, this.#largest(parts, scope));
      case 'SUBQUERY':
        this.#largest(node['child'], scope);
        return this.#query((node['subquery'] as Node)['node'], scope);
      case 'CAST':
        // A byte can become \x00.
        return this.#make(node, 4 * this.#largest(node['child'], scope), 'a cast');
      case 'FUNCTION':
      case 'WINDOW':
        return this.#function(node, scope);
      default:
        return this.#largest(parts, scope);
    }
  }

  #function(node: Node, scope: Scope): number {
    const name = folded(text(node['function_name']));
    const { children, ...others } = node;
    const given = children as Node[];
    this.#largest({ ...others, class: undefined }, scope);
    const lambda = given.find((child) => child['class'] === 'LAMBDA');
    const sizes = given.filter((child) => child !== lambda).map((child) => this.#size(child, scope));
    const sum = sizes.reduce((total, size) => total + size, 0);
    if (lambda) return this.#make(node, this.#mapped(node, name, lambda, sum, scope), name);
    if (small.has(name)) return smallBytes;
    if (collecting.has(name)) return collectedBytes;
    return this.#make(node, this.#result(node, name, given, sizes), name);
  }

  #result(node: Node, name: string, given: readonly Node[], sizes: readonly number[]): number {
    const [first = 0] = sizes;
    const sum = sizes.reduce((total, size) => total + size, 0);
    const letters = (index: number): number => Buffer.byteLength(this.#literal(node, name, given[index]));
    if (shortening.has(name)) return Math.min(first, 4 * (number(given.at(-1)) ?? first));
    if (name === 'strftime') {
      // '%c' becomes the longest, with 24 letters.
      const format = given.find((child) => literal(child)) ?? given[1];
      return smallBytes + 12 * Buffer.byteLength(this.#literal(node, name, format));
    }
    if (name === 'replace') return first * Math.max(1, letters(2) / Math.max(1, letters(1)));
    if (name === 'array_to_string') return first * (1 + letters(1));
    if (name === 'concat_ws') return sum + letters(0) * given.length;
    if (name === 'regexp_replace') {
      // Every match, of no letter even, can become this, and what it refers to.
      const references = this.#literal(node, name, given[2]).split('\\').length - 1;
      return (first + 1) * (1 + letters(2) + references);
    }
    return sum * (factors[name] ?? 1);
  }

  /** What a lambda makes of a list, or of its elements one after another. */
  #mapped(node: Node, name: string, { lhs, expr }: Node, list: number, scope: Scope): number {
    const parameters = namesIn(lhs);
    const bound = (size: number, columns: number): Scope => ({
      ...scope,
      columns,
      parameters: new Map([...scope.parameters, ...parameters.map((each) => [each, size] as const)]),
    });
    if (reducing.has(name)) {
      if (this.#largest(expr, bound(list, scope.columns)) <= list) return list;
      throw this.#refusal(
        node,
        `${name} makes longer values with every element`,
        'bound them, with left(x, 200) for example, or use array_to_string(list, separator)',
      );
    }
    if (!transforming.has(name)) {
      this.#largest(expr, bound(list, scope.columns));
      return list;
    }
    // Of the elements themselves not more than of the list; of everything else once an element.
    const own = this.#largest(expr, { ...bound(list, 0), aliases: new Map() });
    const others = this.#largest(expr, bound(0, scope.columns));
    return own + (list / 16) * others;
  }

  /** Counts a value that is made. */
  #make(node: Node, size: number, what: string): number {
    this.#made += size;
    if (size <= maxValueBytes && this.#made <= maxBytes) return size;
    const kib = (bytes: number): number => Math.ceil(bytes / 1024);
    throw this.#refusal(
      node,
      `values could become too large here: ${what} makes up to ${kib(size)} KiB of a row, the whole statement ` +
        `${kib(this.#made)} KiB; at most ${kib(maxValueBytes)} and ${kib(maxBytes)}`,
      'make the parts shorter first, with left(x, 200) for example',
    );
  }

  #literal(node: Node, name: string, value: Node | undefined): string {
    const known = value === undefined ? '' : literal(value);
    if (known !== undefined) return known;
    throw this.#refusal(
      node,
      `what ${name} puts in must be written as text here: a column could make any size of it`,
      "for example replace(path, '/proc/', '')",
    );
  }
}

/** Of a string that is written in the statement. */
function literal(node: Node): string | undefined {
  if (node['class'] !== 'CONSTANT') return undefined;
  const value = (node['value'] as Node)['value'];
  return typeof value === 'string' ? value : '';
}

function number(node: Node | undefined): number | undefined {
  const value = node?.['class'] === 'CONSTANT' ? (node['value'] as Node)['value'] : undefined;
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const names = (value as Node)['column_names'];
  if (Array.isArray(names)) return [folded(text(names.at(-1)))];
  return Object.values(value).flatMap(namesIn);
}
