import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { storedColumns, storeEvents } from '../testing/storedEvents.ts';
import { readerFilter, type Selection } from './condition.ts';
import { decodePage, encodePage } from './pageToken.ts';
import { eventQuery, queryStatement } from './queryStatement.ts';
import type { PointTable } from './storedPoint.ts';
import { topColumns, topQuery, topStatement } from './topStatement.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let tables: PointTable[];

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  tables = await storeEvents(connection);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function rowsOf(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

function selection(filter = '', since = 0n, until = 0n): Selection {
  return { since, until, filter: readerFilter(filter, storedColumns) };
}

interface Asked {
  filter?: string;
  since?: bigint;
  until?: bigint;
  columns?: string[];
  order?: string[];
  limit?: number;
}

async function query({
  filter,
  since,
  until,
  columns = [],
  order = [],
  limit = 100,
}: Asked): Promise<unknown[][]> {
  const asked = eventQuery(storedColumns, selection(filter, since, until), columns, order);
  const rows = await rowsOf(queryStatement(asked, tables, limit, undefined));
  return rows.map((row) => row.slice(0, asked.columns.length));
}

describe('query', () => {
  test('events of all slices in the order of time, codes as what they mean', async () => {
    const columns = ['time', 'node', 'comm', 'k8s.namespace', 'filename', 'retval', 'duration'];
    const rows = await query({ columns });
    expect(rows.map(([time, ...rest]) => [text(time).slice(-5), ...rest])).toEqual([
      ['10001', 'node-a', 'cat', null, '/etc/a', '-2', '10'],
      ['10011', 'node-a', 'sh', 'shop', '/etc/b', '3', '20'],
      ['10011', 'node-b', 'cat', null, null, null, '30'],
      ['10031', 'node-b', 'sh', 'shop', '/tmp/x', '4', '7'],
      ['10041', 'node-a', 'cat', null, '/etc/b', '-2', null],
      ['10051', 'node-a', 'cat', null, '/etc/a', '-2', '5'],
      ['10101', 'node-b', 'sh', null, null, '9', null],
    ]);
  });

  test('since is in the result, until is not', async () => {
    expect(await query({ columns: ['sequence'], since: 10011n, until: 10041n })).toHaveLength(3);
  });

  test.each([
    ['filename == "/etc/b"', 2],
    ['filename.startsWith("/etc") && retval == GONE', 3],
    ['comm == "sh"', 3],
    ['duration >= duration("20ns")', 2],
    ['k8s.pod == "web"', 2],
    ['k8s.pod == ""', 5],
    ['node == "node-b" && !(filename == "/tmp/x")', 2],
  ])('%s', async (filter, count) => {
    expect(await query({ filter })).toHaveLength(count);
  });

  test('what has no value comes last, ascending and descending', async () => {
    const names = async (order: string): Promise<unknown[]> =>
      (await query({ columns: ['filename'], order: [order, 'time'] })).flat();
    const none = [null, null];
    expect(await names('filename')).toEqual(['/etc/a', '/etc/a', '/etc/b', '/etc/b', '/tmp/x', ...none]);
    expect(await names('-filename')).toEqual(['/tmp/x', '/etc/b', '/etc/b', '/etc/a', '/etc/a', ...none]);
  });

  test.each([
    [['time']],
    [['-time']],
    [['filename']],
    [['-filename', 'time']],
    [['duration', '-node']],
    [['comm', '-retval']],
  ])('pages ordered by %j are the whole, each event once', async (order) => {
    const asked = eventQuery(storedColumns, selection(), ['sequence', 'node'], order);
    const whole = await rowsOf(queryStatement(asked, tables, 100, undefined));
    const paged: unknown[][] = [];
    for (let page: unknown[][] | undefined; page?.length !== 0; paged.push(...page)) {
      const last = paged.at(-1);
      const [source, sequence] = (last ?? []).slice(-2);
      const keys = (last ?? []).slice(2, -2).map((key, index) => keyText(key, order[index]));
      const end = { keys, source: BigInt(text(source) || 0), sequence: BigInt(text(sequence) || 0) };
      const token = encodePage('q', end);
      page = await rowsOf(queryStatement(asked, tables, 2, last && decodePage(token, 'q', order.length)));
    }
    expect(paged).toEqual(whole);
    expect(paged).toHaveLength(7);
  });

  test('a column that is not there is refused with those that may be meant', () => {
    const ask = (columns: string[], order: string[]) => () =>
      eventQuery(storedColumns, selection(), columns, order);
    expect(ask(['file'], [])).toThrow('--columns: there is no column file: did you mean filename?');
    expect(ask([], ['-durations'])).toThrow('--order: there is no column durations: did you mean duration?');
  });

  test('a page of another query is refused', () => {
    const token = encodePage('a', { keys: ['1'], source: 1n, sequence: 2n });
    expect(decodePage(token, 'a', 1)).toEqual({ keys: ['1'], source: 1n, sequence: 2n });
    for (const [text, name, keys] of [
      [token, 'b', 1],
      [token, 'a', 2],
      ['bm8', 'a', 1],
      ['', 'a', 1],
    ] as const) {
      expect(() => decodePage(text, name, keys)).toThrow(/the page is/);
    }
  });
});

/** As the service makes it of a result's bytes; times are ns. */
function keyText(value: unknown, order: string | undefined): string | null {
  if (value === null) return null;
  if (order?.endsWith('time') === true) return text(value).split('.')[1]?.replace(/^0+/, '') ?? '0';
  return text(value);
}

/** Of a string or a number. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? value.toString() : '';
}

describe('top', () => {
  const top = async (by: string[], value = '', filter = ''): Promise<unknown[][]> =>
    rowsOf(topStatement(topQuery(storedColumns, selection(filter), by, value), tables, 10));

  test('values are counted over slices in which they have other codes', async () => {
    expect(await top(['comm'])).toEqual([
      ['cat', '4'],
      ['sh', '3'],
    ]);
    expect(await top(['filename'])).toEqual([
      ['/etc/a', '2'],
      ['/etc/b', '2'],
      [null, '2'],
      ['/tmp/x', '1'],
    ]);
  });

  test('by several columns, those of pods and nodes too', async () => {
    expect(await top(['node', 'k8s.namespace'], '', 'comm == "sh"')).toEqual([
      ['node-a', 'shop', '1'],
      ['node-b', 'shop', '1'],
      ['node-b', null, '1'],
    ]);
  });

  test.each([
    ['sum(duration)', ['cat', '4', '45']],
    ['avg(duration)', ['cat', '4', '15']],
    ['max(duration)', ['cat', '4', '30']],
    ['min(retval)', ['sh', '3', '3']],
    ['avg(retval)', ['sh', '3', 16 / 3]],
  ])('by %s', async (value, first) => {
    expect((await top(['comm'], value))[0]).toEqual(first);
  });

  test('columns of the result are typed', () => {
    const types = (value: string): string[] =>
      topColumns(topQuery(storedColumns, selection(), ['comm'], value)).map(
        ({ name, type }) => `${name} ${type}`,
      );
    expect(types('avg(duration)')).toEqual(['comm String', 'count Uint64', 'avg(duration) Duration']);
    expect(types('avg(retval)')).toEqual(['comm String', 'count Uint64', 'avg(retval) Float64']);
  });

  test('what cannot be ordered by is refused', () => {
    const ask = (by: string[], value: string) => () => topQuery(storedColumns, selection(), by, value);
    expect(ask([], '')).toThrow('--by: say of which columns');
    expect(ask(['comm'], 'sum(filename)')).toThrow(
      '--value: filename is of type String, and sum is of numbers',
    );
    expect(ask(['comm'], 'p99(duration)')).toThrow('--value: p99(duration) is none of count, sum(COLUMN)');
  });
});
