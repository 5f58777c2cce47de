import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { prepareSql } from './prepareSql.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  await connection.run('CREATE SCHEMA data');
  await connection.run(
    'CREATE TABLE data.rows (time TIMESTAMP_NS, node VARCHAR, pid UINTEGER, comm VARCHAR, duration BIGINT, args VARCHAR[])',
  );
  await connection.run('CREATE SCHEMA events');
  await connection.run("INSERT INTO data.rows VALUES (now()::TIMESTAMP_NS, 'a', 1, 'cat', 5, ['x'])");
  await connection.run('CREATE VIEW events."slow-opens" AS SELECT * FROM data.rows');
  await connection.run('CREATE VIEW events.exits AS SELECT * FROM data.rows');
  await connection.run('CREATE VIEW events.secret AS SELECT * FROM data.rows');
  await connection.run('CREATE MACRO peek() AS TABLE SELECT * FROM events.secret');
  await connection.run('CREATE MACRO lower2(x) AS (SELECT max(comm) FROM events.secret)');
  await connection.run('CREATE SEQUENCE counter');
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** As it is run, and the tables it looks at. */
async function prepare(sql: string): Promise<{ sql: string; tables: string[] }> {
  const serialize = async (text: string): Promise<string> => {
    const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [text]);
    return String(reader.getRows()[0]?.[0]);
  };
  const prepared = await prepareSql(sql, ['slow-opens', 'exits'], serialize);
  return { sql: prepared.sql, tables: [...prepared.tables].sort() };
}

describe('what people ask is allowed, and runs', () => {
  test.each([
    ['SELECT 1', []],
    ['FROM exits', ['exits']],
    ['FROM events.exits', ['exits']],
    ['FROM "EVENTS"."Exits" e, exits', ['exits']],
    [
      'SELECT \'é\', "slow-opens".comm -- é\n, exits.pid FROM "slow-opens", /* é */ exits',
      ['exits', 'slow-opens'],
    ],
    ['SELECT current_user, current_date', []],
    ['TABLE exits', ['exits']],
    ['SELECT * FROM EXITS', ['exits']],
    [
      'SELECT comm, count(*) AS n FROM "slow-opens" WHERE duration > 3 GROUP BY ALL ORDER BY n DESC LIMIT 5',
      ['slow-opens'],
    ],
    [
      'SELECT time_bucket(INTERVAL 1 minute, time::TIMESTAMP) t, quantile_cont(duration, [0.5, 0.99]) FROM exits GROUP BY t',
      ['exits'],
    ],
    [
      "SELECT comm LIKE 'c%', comm ILIKE 'C', comm ~ 'a+', comm SIMILAR TO 'x', NOT (pid = 1), -pid, pid BETWEEN 1 AND 2, pid IS NULL, pid IN (1, 2) FROM exits",
      ['exits'],
    ],
    ['WITH a AS (SELECT comm FROM exits), b(c) AS (FROM a) SELECT * FROM b JOIN a ON c = comm', ['exits']],
    ['WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t', []],
    [
      'SELECT * FROM exits a ASOF JOIN "slow-opens" b ON a.pid = b.pid AND a.time >= b.time',
      ['exits', 'slow-opens'],
    ],
    [
      'SELECT comm FROM exits UNION ALL BY NAME SELECT comm FROM "slow-opens" ORDER BY 1 OFFSET 1',
      ['exits', 'slow-opens'],
    ],
    [
      'SELECT pid, row_number() OVER (PARTITION BY comm ORDER BY time DESC) r FROM exits QUALIFY r = 1',
      ['exits'],
    ],
    [
      'SELECT lag(duration, 1, 0) OVER w FROM exits WINDOW w AS (PARTITION BY node ORDER BY time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)',
      ['exits'],
    ],
    [
      "SELECT count(*) FILTER (comm = 'cat'), count(DISTINCT node), string_agg(comm, ',' ORDER BY comm DESC) FROM exits",
      ['exits'],
    ],
    [
      "SELECT CASE WHEN pid > 1 THEN 2 ELSE 3 END, coalesce(comm, node), CAST(pid AS VARCHAR), TRY_CAST(comm AS INT), pid::DECIMAL(9,2), [pid]::INT[], {'a': pid}::STRUCT(a INT) FROM exits",
      ['exits'],
    ],
    [
      "SELECT args[1], args[1:2], {'a': pid}.a, MAP {'k': pid}['k'], list_transform(args, lambda x: upper(x)), [x FOR x IN args IF x <> 'y'] FROM exits",
      ['exits'],
    ],
    [
      "SELECT * EXCLUDE (pid) REPLACE (upper(comm) AS comm) RENAME (node AS n), COLUMNS('t.*') FROM exits",
      ['exits'],
    ],
    [
      'SELECT (SELECT max(pid) FROM exits), EXISTS (FROM exits), pid = ANY (SELECT pid FROM "slow-opens") FROM exits',
      ['exits', 'slow-opens'],
    ],
    ['SELECT u, x FROM exits, unnest(args) t(u), LATERAL (SELECT u AS x)', ['exits']],
    ["SELECT * FROM range(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-02', INTERVAL 1 hour) r(t)", []],
    ["VALUES (1, 'a'), (2, 'b')", []],
    ['SELECT DISTINCT ON (comm) comm, pid FROM exits', ['exits']],
    ['SELECT comm FROM exits USING SAMPLE 10%', ['exits']],
    [
      "SELECT comm COLLATE nocase, extract(hour FROM time), date_trunc('hour', time), strftime(time::TIMESTAMP, '%H'), now(), current_timestamp, epoch_ns(time) FROM exits",
      ['exits'],
    ],
    [
      'SELECT node, comm, grouping(node), sum(pid) FROM exits GROUP BY ROLLUP (node, comm) HAVING sum(pid) > 0',
      ['exits'],
    ],
    [
      "SELECT time - INTERVAL '5 minutes' FROM exits WHERE time > now()::TIMESTAMP_NS - INTERVAL 1 hour",
      ['exits'],
    ],
    [
      'SELECT 5 // 2, 5 % 2, 2 ** 3, 5 & 1, 5 | 2, xor(5, 1), ~1, 1 << 2, 0x1F, 1e3, 1.5, 170141183460469231731687303715884105727',
      [],
    ],
    ['WITH secret AS (SELECT 1 a) FROM secret', []],
    [
      "SELECT replace(comm, '/', '::'), regexp_replace(comm, '[0-9]+', 'N', 'g'), array_to_string(args, ' ') FROM exits",
      ['exits'],
    ],
    [
      "SELECT node || '/' || comm || ':' || pid AS place, count(*) FROM exits GROUP BY place ORDER BY upper(place)",
      ['exits'],
    ],
    [
      "WITH RECURSIVE t(n, way) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, left(way || '/' || n, 100) FROM t WHERE n < 5) FROM t",
      [],
    ],
    [
      "SELECT list_transform(string_split(comm, '/'), lambda x: upper(x) || '!'), list_reduce([1, 2], lambda a, b: a + b), '[' || string_agg(comm, ', ') || ']' FROM exits GROUP BY ALL",
      ['exits'],
    ],
  ])('%s', async (sql, tables) => {
    const prepared = await prepare(sql);
    expect(prepared.tables).toEqual(tables);
    await connection.run(prepared.sql);
  });
});

const table = /there is no table .*, or you may not read it/;
const called = /the function .* cannot be used here/;
const select = /only SELECT can be run here/;
const large = /values could become too large here/;
const rounds = /makes longer values (in every round|with every element)/;
const unwritten = /must be written as text here/;
const text = 'x'.repeat(30_000);
/** Each level twice as long as the one below. */
const doubled = (what: string): string =>
  Array.from({ length: 30 }).reduce(
    (from: string) => `(SELECT ${what} AS v FROM ${from})`,
    "(SELECT 'x' AS v)",
  );

describe('every way around the tables is refused', () => {
  test.each([
    // Tables
    ['FROM secret', table],
    ['SELECT * FROM exits, SECRET', table],
    ['FROM "secret"', table],
    ['FROM memory.main.secret', table],
    ['FROM events.secret', table],
    ['FROM memory.events.exits', table],
    ['FROM meta.probes', table],
    ['FROM main.exits', table],
    ['FROM data.rows', table],
    ['FROM memory.data.rows', table],
    ['SELECT (SELECT max(comm) FROM secret)', table],
    ['SELECT 1 FROM exits WHERE EXISTS (FROM secret)', table],
    ['SELECT 1 FROM exits ORDER BY (SELECT max(pid) FROM secret)', table],
    ['SELECT 1 FROM exits LIMIT (SELECT max(pid) FROM secret)', table],
    ['SELECT 1 FROM exits OFFSET (SELECT max(pid) FROM secret)', table],
    ['SELECT 1 FROM exits LIMIT (SELECT max(pid) FROM secret) %', table],
    ['SELECT 1 FROM exits GROUP BY (SELECT max(pid) FROM secret)', table],
    ['SELECT 1 FROM exits HAVING (SELECT true FROM secret)', table],
    ['SELECT 1 FROM exits QUALIFY (SELECT true FROM secret)', table],
    ['SELECT DISTINCT ON ((SELECT max(pid) FROM secret)) 1 FROM exits', table],
    ['SELECT count(*) FILTER ((SELECT true FROM secret)) FROM exits', table],
    ['SELECT string_agg(comm ORDER BY (SELECT max(pid) FROM secret)) FROM exits', table],
    ['SELECT sum(pid) OVER (PARTITION BY (SELECT 1 FROM secret)) FROM exits', table],
    ['SELECT sum(pid) OVER (ORDER BY (SELECT 1 FROM secret)) FROM exits', table],
    [
      'SELECT sum(pid) OVER (ROWS BETWEEN (SELECT 1 FROM secret) PRECEDING AND CURRENT ROW) FROM exits',
      table,
    ],
    ['SELECT lag(pid, (SELECT 1 FROM secret)) OVER () FROM exits', table],
    ['SELECT lag(pid, 1, (SELECT 1 FROM secret)) OVER () FROM exits', table],
    ['SELECT * REPLACE ((SELECT comm FROM secret) AS comm) FROM exits', table],
    ['SELECT CASE WHEN true THEN (SELECT comm FROM secret) END', table],
    ["SELECT CASE (SELECT comm FROM secret) WHEN 'a' THEN 1 END", table],
    ["SELECT [(SELECT comm FROM secret)], {'a': (SELECT comm FROM secret)}", table],
    ['SELECT list_transform([1], lambda x: (SELECT comm FROM secret))', table],
    ['SELECT ARRAY(SELECT comm FROM secret)', /cannot be used here/],
    ['VALUES ((SELECT comm FROM secret))', table],
    ['SELECT pid IN (FROM secret) FROM exits', table],
    ['FROM exits JOIN exits b ON (SELECT true FROM secret)', table],
    ['FROM exits, LATERAL (FROM secret)', table],
    ['FROM exits UNION ALL FROM secret', table],
    ['FROM range((SELECT 5 FROM secret))', table],
    ['WITH a AS (FROM secret) SELECT 1', table],
    ['WITH exits AS (FROM secret) FROM exits', table],
    // Names of WITH where they are not known
    ['WITH secret AS (FROM secret) FROM secret', table],
    ['SELECT * FROM (WITH secret AS (SELECT 1) FROM secret), secret', table],
    ['WITH a AS (FROM secret), secret AS (SELECT 1) FROM a', table],
    ['WITH a AS (WITH secret AS (SELECT 1) FROM secret) FROM a, secret', table],
    // Unicode folds the Kelvin sign to k, DuckDB does not: this is another name
    ['WITH "duc\u212Adb_views" AS (SELECT 1) FROM duckdb_views', table],
    ['FROM secret UNION ALL (WITH secret AS (SELECT 1) FROM secret)', table],
    ['WITH RECURSIVE secret AS (FROM secret UNION ALL SELECT 1) FROM secret', table],
    ['WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t, secret) FROM t', table],
    ['WITH secret AS (SELECT 1) FROM main.secret', table],
    ['FROM recurring.secret', table],
    // Files, by replacement scans too
    ["FROM '/etc/passwd'", table],
    ["FROM 'x.csv'", table],
    ['FROM "x.parquet"', table],
    ["FROM 's3://a/b.parquet'", table],
    ["SELECT * FROM read_csv('/etc/passwd')", called],
    ["SELECT * FROM read_text('/etc/passwd')", called],
    ["SELECT * FROM read_blob('/etc/passwd')", called],
    ["SELECT * FROM read_json('x')", called],
    ["SELECT * FROM read_parquet('x')", called],
    ["SELECT * FROM parquet_scan('x')", called],
    ["SELECT * FROM read_duckdb('x')", called],
    ["SELECT * FROM glob('/*')", called],
    ["SELECT * FROM sniff_csv('x')", called],
    // SQL as text
    ["FROM query('FROM secret')", called],
    ["FROM query_table('secret')", called],
    ["FROM query_table(['secret'])", called],
    ["FROM json_execute_serialized_sql('{}')", called],
    ["SELECT json_serialize_sql('SELECT 1')", called],
    ["FROM seq_scan('secret')", called],
    ["FROM sql_auto_complete('SELECT ')", called],
    // Catalogs
    ['FROM duckdb_tables()', called],
    ['FROM duckdb_views()', called],
    ['FROM duckdb_settings()', called],
    ['FROM duckdb_secrets()', called],
    ['FROM duckdb_logs()', called],
    ["FROM pragma_table_info('secret')", called],
    ["FROM pragma_storage_info('secret')", called],
    ['FROM pragma_database_size()', called],
    ['FROM information_schema.tables', table],
    ['FROM information_schema.columns', table],
    ['FROM pg_catalog.pg_class', table],
    ['FROM pg_tables', table],
    ['FROM sqlite_master', table],
    ['FROM duckdb_tables', table],
    ['SHOW TABLES', /DESCRIBE, SHOW or SUMMARIZE cannot be used here/],
    ['SHOW ALL TABLES', /DESCRIBE, SHOW or SUMMARIZE/],
    ['DESCRIBE secret', /DESCRIBE, SHOW or SUMMARIZE/],
    ['SUMMARIZE secret', /DESCRIBE, SHOW or SUMMARIZE/],
    ['FROM (DESCRIBE secret)', /DESCRIBE, SHOW or SUMMARIZE/],
    ['FROM (SUMMARIZE exits)', /DESCRIBE, SHOW or SUMMARIZE/],
    ['FROM (SHOW TABLES)', /DESCRIBE, SHOW or SUMMARIZE/],
    // Other functions
    ["SELECT getenv('HOME')", called],
    ["SELECT current_setting('secret_directory')", called],
    ["SELECT getvariable('x')", called],
    ["SELECT nextval('counter')", called],
    ["SELECT currval('counter')", called],
    ['SELECT setseed(0.5)', called],
    ['SELECT pg_sleep(100)', called],
    ['SELECT sleep_ms(100)', called],
    ["SELECT write_log('x')", called],
    ['SELECT version()', called],
    ['SELECT current_database()', called],
    ['SELECT current_schemas(true)', called],
    ['SELECT current_query()', called],
    ['SELECT txid_current()', called],
    ['FROM force_checkpoint()', called],
    ['FROM test_all_types()', called],
    ['FROM peek()', called],
    ['SELECT lower2(1)', called],
    ["SELECT system.main.lower('X')", called],
    ["SELECT ('HOME').getenv()", called],
    ['SELECT stats(pid) FROM exits', called],
    // Values past the memory limit
    ["SELECT repeat('x', 4000000000)", called],
    ["SELECT lpad('x', 4000000000, 'x')", called],
    ['SELECT range(1000000000)', called],
    ["SELECT format('{:1000000000}', 1)", called],
    ["SELECT printf('%1000000000d', 1)", called],
    ['SELECT list_resize([1], 1000000000)', called],
    ['SELECT bar(1, 0, 1, 1000000000)', called],
    [`SELECT replace(comm, 'a', '${text}') FROM exits`, large],
    ['SELECT replace(comm, node, comm) FROM exits', unwritten],
    [`SELECT replace('${text}', 'x', a) FROM (SELECT '${text}' AS a)`, unwritten],
    [`SELECT regexp_replace(comm, '', '${text}', 'g') FROM exits`, large],
    ["SELECT regexp_replace(comm, 'a', node, 'g') FROM exits", unwritten],
    [`SELECT regexp_replace('${text}', '(.*)', '${'\\\\1'.repeat(40)}') FROM exits`, large],
    [`SELECT array_to_string(args, '${text}') FROM exits`, large],
    ['SELECT array_to_string(args, comm) FROM exits', unwritten],
    [`SELECT concat_ws('${text}', ${'pid, '.repeat(20)} pid) FROM exits`, large],
    [`SELECT strftime(time::TIMESTAMP, '${'%c'.repeat(20_000)}') FROM exits`, large],
    [`SELECT max(length(v)) FROM ${doubled('v || v')}`, large],
    [`SELECT max(length(v)) FROM ${doubled('concat(v, v)')}`, large],
    [`SELECT max(length(v)) FROM ${doubled("replace(v, 'x', 'xx')")}`, large],
    [`SELECT max(length(v)) FROM ${doubled('hex(v)')}`, large],
    [`SELECT max(length(v)) FROM ${doubled('list_concat([v], [v])::VARCHAR')}`, large],
    [`SELECT max(length(v)) FROM ${doubled("{'a': v, 'b': v}::VARCHAR")}`, large],
    [
      `SELECT ${Array.from({ length: 12 }).reduce((of: string) => `to_binary(${of})`, 'comm')} FROM exits`,
      large,
    ],
    [
      `SELECT ${Array.from({ length: 30 }, (_, i) => (i === 0 ? "'x' AS a0" : `a${i - 1} || a${i - 1} AS a${i}`)).join(', ')}`,
      large,
    ],
    [
      `WITH ${Array.from({ length: 30 }, (_, i) => `a${i} AS (SELECT ${i === 0 ? "'x'" : `v || v`} AS v FROM ${i === 0 ? 'exits' : `a${i - 1}`})`).join(', ')} FROM a29`,
      large,
    ],
    [
      `SELECT t29.v FROM (SELECT 'x' AS v) t0${Array.from({ length: 29 }, (_, i) => `, LATERAL (SELECT t${i}.v || t${i}.v AS v) t${i + 1}`).join('')}`,
      large,
    ],
    ["SELECT v || v || v || v FROM (SELECT string_agg(comm, '') AS v FROM exits)", large],
    ["SELECT list_transform(string_split(comm, ''), lambda x: comm) FROM exits", large],
    [`SELECT list_reduce(['x', 'x', 'x'], lambda a, b: a || a)`, rounds],
    ["WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM t) FROM t", rounds],
    ["WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT replace(s, 'x', 'xx') FROM t) FROM t", rounds],
    ['WITH RECURSIVE t(s) AS (SELECT [1] UNION ALL SELECT list_append(s, 1) FROM t) FROM t', rounds],
    [
      "WITH RECURSIVE t(s) USING KEY (s) AS (SELECT 'x' UNION SELECT a.s || b.s FROM t a, recurring.t b) FROM t",
      rounds,
    ],
    // Other forms
    ['SELECT #1 FROM exits', /a column by its number/],
    ['SELECT $1', /a parameter/],
    ['SELECT ?', /a parameter/],
    ['SELECT $name', /a parameter/],
    ['FROM exits AT (VERSION => 1)', /AT cannot be used here/],
    ['SELECT CAST(1 AS peek)', /the type peek cannot be used here/],
    ["SELECT 'secret'::regclass", /the type regclass cannot be used here/],
    ["SELECT '{}'::JSON", /the type JSON cannot be used here/],
    ['SELECT comm COLLATE de FROM exits', /the collation de cannot be used here/],
    // Other statements
    ['PIVOT exits ON comm', select],
    ['FROM (PIVOT exits ON comm USING count(*))', select],
    ["FROM (PIVOT exits ON comm IN ('a') USING count(*))", /cannot be used here|only SELECT/],
    ['UNPIVOT exits ON pid', /cannot be used here|only SELECT/],
    ['FROM exits UNPIVOT (a FOR b IN (pid))', /PIVOT cannot be used here/],
    ["ATTACH 'x.db'", select],
    ["COPY exits TO 'x.csv'", select],
    ["COPY (FROM exits) TO 'x.csv'", select],
    ["EXPORT DATABASE 'x'", select],
    ['SET threads = 1', select],
    ['RESET threads', select],
    ['PRAGMA database_list', /only SELECT|cannot be used here/],
    ['CALL pragma_version()', select],
    ['INSTALL httpfs', select],
    ['LOAD httpfs', select],
    ['CREATE TABLE x AS FROM exits', select],
    ['CREATE MACRO m() AS 1', select],
    ['INSERT INTO exits SELECT * FROM exits', select],
    ['DELETE FROM data.rows', select],
    ['UPDATE data.rows SET pid = 1', select],
    ['DROP VIEW exits', select],
    ['ALTER VIEW exits RENAME TO a', select],
    ['TRUNCATE data.rows', select],
    ['VACUUM', select],
    ['CHECKPOINT', select],
    ['BEGIN', select],
    ['USE store', select],
    ['EXPLAIN FROM exits', select],
    ['EXPLAIN ANALYZE FROM exits', select],
    ['PREPARE a AS FROM exits', select],
    ['EXECUTE a', select],
    ['SELECT 1; SELECT 2', /one statement at a time/],
    ['FROM exits; DROP VIEW exits', select],
    ['WITH a AS (DELETE FROM data.rows RETURNING *) FROM a', /needs a SELECT/],
    ['', /there is no statement/],
    ['-- nothing', /there is no statement/],
    ['SELECT FROM', /syntax error/i],
  ])('%s', async (sql, message) => {
    await expect(prepare(sql)).rejects.toThrow(message);
  });
});

test('a refusal shows where, and what there is instead', async () => {
  await expect(prepare('SELECT *\nFROM exit')).rejects.toThrow(
    'there is no table exit, or you may not read it\n  FROM exit\n       ^\n  did you mean exits?',
  );
});

test('a statement that is nested too deeply is refused', async () => {
  const parentheses = `${'('.repeat(150)}SELECT 1${')'.repeat(150)}`;
  let nested = 'SELECT 1 AS a';
  for (let depth = 0; depth < 150; depth++) nested = `SELECT * FROM (${nested})`;
  await expect(prepare(nested)).rejects.toThrow(/nested deeper/);
  expect((await prepare(parentheses)).tables).toEqual([]);
});

test.each([
  [
    'WITH RECURSIVE',
    (inner: string) => `WITH RECURSIVE t AS (SELECT 'x' AS v UNION ALL (${inner})) SELECT v FROM t`,
    "SELECT left('a longer text', 100) AS v",
  ],
  [
    'a lambda',
    (inner: string) => inner.replace('(x)', '(list_transform(x, lambda x: (x)))'),
    'SELECT list_transform([1], lambda x: (x))',
  ],
])('how large values become is worked out in bounded time: %s in itself', async (_, around, innermost) => {
  const nested = (depth: number): string => (depth === 0 ? innermost : around(nested(depth - 1)));
  expect((await prepare(nested(3))).tables).toEqual([]);
  await expect(prepare(nested(18))).rejects.toThrow(/within one another/);
});
