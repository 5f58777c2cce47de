import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluateFilter } from '../../../probe/cel/evaluate.ts';
import { filterConjuncts } from '../../../probe/cel/filterConjuncts.ts';
import type { FilterOperand } from '../../../probe/cel/scope.ts';
import type { ConstantValue } from '../../../probe/cel/term.ts';
import { CONTEXTS } from '../../../probe/contexts.ts';
import { contextSql } from '../../store/contextSql.ts';
import { quoteText } from '../../store/layout.ts';
import { filterSql } from './filterSql.ts';
import { storedScope, type ScopeColumn } from './storedScope.ts';
import type { SqlOperand } from './sqlOperand.ts';

const columns: ScopeColumn[] = [
  { name: 'retval', type: 'Int64', enumNames: { 0: 'FINE', '-2': 'BAD' } },
  { name: 'flags', type: 'Uint64' },
  { name: 'duration', type: 'Duration' },
  { name: 'ok', type: 'Bool' },
  { name: 'ratio', type: 'Float64' },
  { name: 'filename', type: 'String' },
  { name: 'address', type: 'Ip' },
  { name: 'other', type: 'String' },
  { name: 'buffer', type: 'Bytes' },
];

/** What an event holds; undefined could not be read, of k8s: outside pods. */
type Event = Record<string, ConstantValue | undefined>;

const texts = ['', 'a', 'ab', 'abc', 'b', 'cat', "o'hara", '10.0.0.1', 'a\nb', 'é'];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const string = fc.constantFrom(...texts).map(bytes);
const orFault = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 5 });
const signed = fc.oneof(fc.constantFrom(-(2n ** 63n), -2n, -1n, 0n, 1n, 2n ** 63n - 1n), fc.bigInt(-5n, 5n));
const unsigned = fc.oneof(fc.constantFrom(0n, 1n, 64n, 576n, 2n ** 63n, 2n ** 64n - 1n), fc.bigInt(0n, 5n));
const event: fc.Arbitrary<Event> = fc.record({
  retval: orFault(signed),
  flags: orFault(unsigned),
  duration: orFault(fc.bigInt(0n, 3_000_000n)),
  ok: orFault(fc.boolean()),
  ratio: orFault(fc.oneof(fc.constantFrom(0, 0.5, 1, NaN, Infinity, -Infinity), fc.double())),
  filename: orFault(string),
  address: orFault(string),
  other: orFault(string),
  buffer: orFault(string),
  pid: unsigned.map((value) => BigInt.asUintN(32, value)),
  comm: string,
  context: fc.constantFrom(...CONTEXTS).map(bytes),
  node: fc.constantFrom('a', 'ab').map(bytes),
  'k8s.namespace': fc.constantFrom('', 'a', 'kube-system').map(bytes),
});

const filters = [
  'retval < 0',
  'retval == BAD || retval in [FINE, 1, 2]',
  'flags > 9223372036854775807',
  'flags == 18446744073709551615 || flags != 64',
  'has_flags(flags, 576)',
  '!has_flags(retval, 1)',
  'retval < flags',
  'retval + flags > 4 || !(retval * 2 < 3)',
  'retval * flags == 1 || retval - 1 < 0',
  'flags / retval == 1 || flags % retval == 0 || -retval > 3',
  '!(retval / 2 == -1)',
  'duration > duration("1ms") && duration + duration("1us") < duration("2ms")',
  'ok',
  '!ok',
  'ok == (retval > 0)',
  'ok != true',
  'ratio > 0.5',
  'ratio != 0.5',
  '!(ratio <= 1.0)',
  'ratio / 2.0 < 0.3 || double(retval) > ratio',
  'filename == "a"',
  'filename != "a"',
  '!(filename == "a")',
  '!(filename != "a") && comm == "a"',
  'filename.startsWith("a") || filename.endsWith("b")',
  'filename.contains(other)',
  '!filename.contains(other) || other == comm',
  'filename < "b" && other >= "ab"',
  'filename.matches("^a.b?$") || filename.matches("é|c.t")',
  'filename in ["a", "o\'hara"]',
  '!(filename in ["a", "b"])',
  'size(filename) > 1 && size(buffer) < 3',
  'size(other) == 2',
  'address == "10.0.0.1"',
  '!address.startsWith("10.")',
  'comm == "cat" || pid > 5',
  'context == "task"',
  'context != "task" && node != "a"',
  'node == comm',
  'k8s.namespace == ""',
  'k8s.namespace != "kube-system" && k8s.namespace != ""',
  '!(k8s.namespace == "a")',
  'k8s.namespace == comm || retval == 0',
  '(retval > 0 ? filename : other) == "a"',
  'ok ? retval == 0 : comm == "a"',
  '(retval > 0 ? 1 : flags) > 1',
];

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  await connection.run('CREATE TABLE d (code UINTEGER, value VARCHAR)');
  await connection.run('CREATE TABLE w (code UINTEGER, namespace VARCHAR)');
  await connection.run('CREATE TABLE s (id UINTEGER, node VARCHAR)');
  for (const [code, value] of texts.entries()) {
    await connection.run('INSERT INTO d VALUES ($1, $2)', [code, value]);
  }
  await connection.run("INSERT INTO w VALUES (1, 'a'), (2, 'kube-system')");
  await connection.run("INSERT INTO s VALUES (7, 'a'), (8, 'ab')");
  await connection.run(
    `CREATE TABLE e (id INTEGER, retval BIGINT, flags UBIGINT, duration BIGINT, ok BOOLEAN, ratio DOUBLE,
       filename UINTEGER, address UINTEGER, other VARCHAR, buffer BLOB, pid UINTEGER, comm UINTEGER,
       context USMALLINT, source UINTEGER, workload UINTEGER)`,
  );
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

function sqlOperand({ key }: FilterOperand): SqlOperand {
  switch (key) {
    case 'filename':
    case 'address':
    case 'comm':
      return { sql: 'l.value', lookup: { code: `e.${key}`, from: 'd', key: 'code', none: undefined } };
    case 'node':
      return { sql: 'l.node', lookup: { code: 'e.source', from: 's', key: 'id', none: undefined } };
    case 'k8s.namespace':
      return { sql: 'l.namespace', lookup: { code: 'e.workload', from: 'w', key: 'code', none: 0 } };
    case 'context':
      return { sql: contextSql('e.context'), lookup: undefined };
    default:
      return { sql: `e.${key}`, lookup: undefined };
  }
}

/** The value as a literal of the column's type. */
function literal(value: ConstantValue | undefined): string {
  if (value === undefined) return 'NULL';
  if (value instanceof Uint8Array) return quoteText(new TextDecoder().decode(value));
  return typeof value === 'number' ? `'${value}'::DOUBLE` : String(value);
}

async function insert(events: readonly Event[]): Promise<void> {
  const code = (value: ConstantValue | undefined): string =>
    value instanceof Uint8Array ? String(texts.indexOf(new TextDecoder().decode(value))) : 'NULL';
  const codes = { a: 7, ab: 8 };
  const rows = events.map((each, id) => {
    const { retval, flags, duration, ok, ratio, filename, address, other, buffer, pid, comm } = each;
    const named = (key: string): string => new TextDecoder().decode(each[key] as Uint8Array);
    const workload = ['', 'a', 'kube-system'].indexOf(named('k8s.namespace'));
    const values = [
      ...[String(id), ...[retval, flags, duration, ok, ratio].map(literal), code(filename), code(address)],
      ...[literal(other), `encode(${literal(buffer)}::VARCHAR)`, literal(pid), code(comm)],
      ...[CONTEXTS.indexOf(named('context') as 'task'), codes[named('node') as 'a'], workload].map(String),
    ];
    return `(${values.join(', ')})`;
  });
  await connection.run(`DELETE FROM e; INSERT INTO e VALUES ${rows.join(', ')}`);
}

test('a filter in SQL finds the events for which the reference says that it holds', async () => {
  const scope = storedScope(columns, 'x64');
  const terms = filters.map((text) => {
    const conjuncts = filterConjuncts([{ text }], scope).map(({ term }) => term);
    return { text, conjuncts, sql: conjuncts.map((term) => filterSql(term, sqlOperand)).join(' AND ') };
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 40 }), async (events) => {
      await insert(events);
      for (const { text, conjuncts, sql } of terms) {
        const found = await connection.runAndReadAll(`SELECT e.id FROM e WHERE ${sql} ORDER BY id`);
        const expected = [...events.entries()]
          .filter(([, each]) => conjuncts.every((term) => evaluateFilter(term, ({ key }) => each[key])))
          .map(([id]) => id);
        expect([text, ...found.getRows().map(([id]) => id)]).toEqual([text, ...expected]);
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
}, 60_000);

test('what is not stored is refused with its column', () => {
  const scope = storedScope(columns, 'x64');
  expect(() => filterConjuncts([{ text: 'pid == 1 && args.flags == 3', name: '--filter' }], scope)).toThrow(
    /--filter, column 13: there is no args[\s\S]*only what was captured is stored: retval, flags/,
  );
  expect(() => filterConjuncts([{ text: 'filenam == "a"' }], scope)).toThrow(/did you mean filename/);
});
