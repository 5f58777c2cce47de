import { once } from 'node:events';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bearer } from '../../rpc/identity.ts';
import type {
  ResultChunk,
  ResultColumn,
  ResultEnd,
  ResultHeader,
  WatchResponse,
} from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { LiveBatch } from '../live.ts';
import { batchOf, describe as describePoint, frameOf, type TestBatch } from '../store/testing/frames.ts';
import { valueText } from './query/valueText.ts';
import { ServedStore } from './testing/servedStore.ts';

let served: ServedStore;
const alice = bearer('alice');
const exits = describePoint({ probeUid: 'uid-2', probeName: 'exits', pointName: 'exit' });
const secret = describePoint({ probeUid: 'uid-3', probeName: 'secret', pointName: 'open' });
const start = 1_700_000_000_000_000_000n;

beforeAll(async () => {
  served = await ServedStore.start({ watchBytes: 64 << 10 });
  await served.store.add(
    frameOf(1, [
      { first: 0, rows: 5000 },
      { first: 0, rows: 10, point: exits },
      { first: 0, rows: 3, point: secret },
    ]),
  );
});

beforeEach(() => {
  served.authority.rights.clear();
  served.authority.rights.set('alice', ['opens', 'exits']).set('admin', ['*']).set('nobody', []);
  served.audit.length = 0;
});

afterAll(async () => {
  expect(served.faults).toEqual([]);
  await served[Symbol.asyncDispose]();
});

interface Result {
  columns: ResultColumn[];
  rows: (string | null)[][];
  end: ResultEnd | undefined;
}

type Message = { message: { case?: string | undefined; value?: unknown } };

async function result(stream: ClientReadableStream<Message>): Promise<Result> {
  const read: Result = { columns: [], rows: [], end: undefined };
  for await (const { message } of stream as AsyncIterable<Message>) {
    if (message.case === 'header') read.columns = (message.value as ResultHeader).columns;
    else if (message.case === 'end') read.end = message.value as ResultEnd;
    else read.rows.push(...rowsOf(read.columns, message.value as ResultChunk));
  }
  return read;
}

function rowsOf(columns: readonly ResultColumn[], chunk: ResultChunk): (string | null)[][] {
  return Array.from({ length: chunk.rows }, (_, row) =>
    chunk.columns.map((values, index) => valueText(values, columns[index]?.type ?? '', row)),
  );
}

const sql = (text: string, token = alice, limit = 0): Promise<Result> =>
  result(served.client.sql({ sql: text, limit }, token));

describe('Query', () => {
  test('typed columns, filtered, ordered, from all of what is stored', async () => {
    const request = {
      probe: 'opens',
      filter: 'n >= 10 && path == "/tmp/3" && k8s.pod == "web-0"',
      order: ['-n'],
      limit: 2,
    };
    const { columns, rows, end } = await result(
      served.client.query({ ...request, columns: ['time', 'node', 'path', 'n'] }, alice),
    );
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'time Time',
      'node String',
      'path Path',
      'n Int64',
    ]);
    expect(rows).toEqual([
      [String(start + 4993n), 'worker', '/tmp/3', '4993'],
      [String(start + 4983n), 'worker', '/tmp/3', '4983'],
    ]);
    expect(end).toMatchObject({ rows: 2n, truncated: true });
  });

  test('pages are the whole, each event once', async () => {
    const numbers: string[] = [];
    let page = '';
    do {
      const request = { probe: 'opens', order: ['path', '-n'], columns: ['n'], limit: 1999, page };
      const { rows, end } = await result(served.client.query(request, alice));
      numbers.push(...rows.map(([number]) => number ?? ''));
      page = end?.nextPage ?? '';
    } while (page !== '');
    expect(numbers).toHaveLength(5000);
    expect(new Set(numbers).size).toBe(5000);
    expect(numbers[0]).toBe('4990');
  });

  test('without further ado: the usual columns, in the order of time', async () => {
    const { columns, rows } = await result(served.client.query({ probe: 'exits', until: start + 2n }, alice));
    const names = columns.map(({ name }) => name).join(' ');
    expect(names).toBe(
      'time node pid tid ppid uid gid comm context k8s.namespace k8s.pod k8s.container n path truncated',
    );
    expect(rows).toHaveLength(2);
    expect(rows[1]).toEqual([
      String(start + 1n),
      'worker',
      '42',
      null,
      null,
      null,
      null,
      'cat',
      null,
      'shop',
      'web-0',
      'nginx',
      '1',
      '/tmp/1',
      '0',
    ]);
  });

  test.each([
    [{ probe: 'opens', filter: 'm == 1' }, /INVALID_ARGUMENT: --filter, column 1: there is no m here/],
    [{ probe: 'opens', order: ['m'] }, /INVALID_ARGUMENT: --order: there is no column m/],
    [{ probe: 'opens', point: 'opne' }, /NOT_FOUND: opens has no point opne: did you mean open\?/],
    [{ probe: 'opens', page: 'x' }, /INVALID_ARGUMENT: the page is not one/],
    [{ probe: 'secret' }, /PERMISSION_DENIED: alice may not read events of probe secret/],
    [{ probe: 'nothing' }, /PERMISSION_DENIED: alice may not read events of probe nothing/],
  ])('%j is refused in words', async (request, message) => {
    await expect(result(served.client.query(request, alice))).rejects.toThrow(message);
  });

  test('who may read all is told that there is no such probe', async () => {
    await expect(result(served.client.query({ probe: 'nothing' }, bearer('admin')))).rejects.toThrow(
      'NOT_FOUND: there are no events of a probe nothing\n' +
        '  either there is no such probe, or nothing has happened yet that it traces',
    );
  });
});

test('Top counts codes and shows what they mean', async () => {
  const request = { probe: 'opens', by: ['path', 'k8s.pod'], value: 'max(n)', limit: 2, filter: 'n < 100' };
  const { columns, rows, end } = await result(served.client.top(request, alice));
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'path Path',
    'k8s.pod String',
    'count Uint64',
    'max(n) Int64',
  ]);
  expect(rows).toEqual([
    ['/tmp/9', 'web-0', '10', '99'],
    ['/tmp/8', 'web-0', '10', '98'],
  ]);
  expect(end?.truncated).toBe(true);
});

describe('Sql', () => {
  test('over the tables of several probes, by their names', async () => {
    const { columns, rows } = await sql(
      'SELECT o.path, count(*) AS n, max(o.time) AS last FROM opens o JOIN "exits/exit" e ON e.n = o.n GROUP BY ALL ORDER BY 1 LIMIT 2',
    );
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'path String',
      'n Int64',
      'last Time',
    ]);
    expect(rows).toEqual([
      ['/tmp/0', '1', String(start)],
      ['/tmp/1', '1', String(start + 1n)],
    ]);
  });

  test('structures and lists are text; what is NULL is null', async () => {
    const { columns, rows } = await sql('SELECT k8s.pod, k8s IS NULL, [n], NULL FROM exits WHERE n = 3');
    expect(columns.map(({ type }) => type)).toEqual(['String', 'Bool', 'Text', 'Int64']);
    expect(rows).toEqual([['web-0', 'false', '[3]', null]]);
  });

  test('the limit cuts the result, and says so', async () => {
    const { rows, end } = await sql('SELECT n FROM opens', alice, 2500);
    expect(rows).toHaveLength(2500);
    expect(end).toMatchObject({ rows: 2500n, truncated: true });
  });

  test('a table that may not be read is refused like one that is not there, and neither is offered', async () => {
    await expect(sql('FROM secret')).rejects.toThrow(
      /there is no table secret, or you may not read it[\s\S]*there are exits/,
    );
    await expect(sql('FROM secrets')).rejects.toThrow(
      /there is no table secrets, or you may not read it[\s\S]*there are exits/,
    );
    await expect(sql('FROM opens, secret')).rejects.toThrow(/there is no table secret/);
    await expect(sql('FROM opens', bearer('nobody'))).rejects.toThrow(
      /there is no probe with events that you may read/,
    );
    expect((await sql('SELECT count(*) FROM secret', bearer('admin'))).rows).toEqual([['3']]);
  });

  test('who may read no probe has no statement run, not even one without a table', async () => {
    for (const text of ['SELECT 1', 'SELECT count(*) FROM range(10)', 'FROM opens', 'no SQL']) {
      await expect(sql(text, bearer('nobody'))).rejects.toThrow(
        /PERMISSION_DENIED: nobody may not read events: there is no probe with events that you may read/,
      );
    }
    expect((await sql('SELECT 1')).rows).toEqual([['1']]);
  });

  test('RBAC is asked for the probes of the statement alone', async () => {
    served.authority.asked.length = 0;
    await sql('SELECT count(*) FROM opens');
    expect(served.authority.asked).toEqual(['alice *', 'alice opens']);
  });

  test("DuckDB's own complaints are the reader's", async () => {
    await expect(sql('SELECT paht FROM opens')).rejects.toThrow(/INVALID_ARGUMENT: Binder Error: .*paht/);
  });

  test("the instance's files and settings stay out of reach", async () => {
    await expect(sql("FROM '/etc/passwd'")).rejects.toThrow(/there is no table/);
    await expect(sql("SELECT getenv('HOME')")).rejects.toThrow(/the function getenv cannot be used here/);
    await expect(sql('FROM meta.probes')).rejects.toThrow(/there is no table meta.probes/);
  });
});

describe('limits', () => {
  test('a query that takes too long is interrupted, and the next one runs', async () => {
    await using slow = await ServedStore.start({ timeoutMs: 1000, running: 1 });
    slow.authority.rights.set('alice', ['*']);
    const endless = 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t';
    await expect(result(slow.client.sql({ sql: endless }, alice))).rejects.toThrow(
      /DEADLINE_EXCEEDED: the query took longer than 1 s/,
    );
    expect((await result(slow.client.sql({ sql: 'SELECT 1' }, alice))).rows).toEqual([['1']]);
  });

  test('a query that takes more memory than there is is stopped, and the next one runs', async () => {
    await using small = await ServedStore.start({ memoryBytes: process.memoryUsage.rss() + (128 << 20) });
    small.authority.rights.set('alice', ['*']);
    // DuckDB does not count what these aggregates keep.
    const growing = 'SELECT cardinality(histogram(i)) FROM range(1000000000) r(i)';
    await expect(result(small.client.sql({ sql: growing }, alice))).rejects.toThrow(
      /RESOURCE_EXHAUSTED: the query takes more memory than there is/,
    );
    expect((await result(small.client.sql({ sql: 'SELECT 1' }, alice))).rows).toEqual([['1']]);
  });

  test('who reads nothing holds up nobody for longer than the time limit', async () => {
    await using slow = await ServedStore.start({ timeoutMs: 1000, running: 1 });
    slow.authority.rights.set('alice', ['*']);
    const stuck = slow.client.sql(
      { sql: 'SELECT i, md5(i::VARCHAR) FROM range(1000000) r(i)', limit: 1_000_000 },
      alice,
    );
    stuck.pause();
    stuck.on('error', () => undefined);
    expect((await result(slow.client.sql({ sql: 'SELECT 1' }, alice))).rows).toEqual([['1']]);
    stuck.cancel();
  });

  test('beyond those that wait, queries are refused', async () => {
    await using busy = await ServedStore.start({ running: 1, waiting: 0, timeoutMs: 500 });
    busy.authority.rights.set('alice', ['*']);
    const endless = 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t';
    const ends = ['first', 'second'].map(() => result(busy.client.sql({ sql: endless }, alice)));
    const reasons = (await Promise.allSettled(ends)).map((end) =>
      end.status === 'rejected' ? String(end.reason) : '',
    );
    expect(reasons.sort()).toEqual([
      expect.stringMatching(/DEADLINE_EXCEEDED/),
      expect.stringMatching(/RESOURCE_EXHAUSTED: 1 queries run and 0 wait/),
    ]);
  });
});

describe('who reads', () => {
  test('a call without a token, or with a wrong one, is refused', async () => {
    await expect(result(served.client.query({ probe: 'opens' }))).rejects.toThrow(
      /UNAUTHENTICATED: the call has no/,
    );
    await expect(sql('SELECT 1', bearer('mallory'))).rejects.toThrow(
      /UNAUTHENTICATED: the token is not valid/,
    );
    await expect(served.client.nodes({})).rejects.toThrow(/UNAUTHENTICATED/);
  });

  test('every read is in the audit log, with its outcome, and so is every refusal', async () => {
    await sql('SELECT n FROM exits');
    await expect(sql('FROM secret')).rejects.toThrow();
    await expect(result(served.client.query({ probe: 'secret', filter: 'n == 1' }, alice))).rejects.toThrow();
    await expect(served.client.loss({}, bearer('mallory'))).rejects.toThrow();
    const told = served.audit.map(({ call, reader, probes, detail, rows, outcome }) => [
      call,
      reader?.username,
      probes,
      detail,
      rows,
      outcome,
    ]);
    expect(told).toEqual([
      ['Sql', 'alice', ['exits'], 'SELECT n FROM exits', 10, 'OK'],
      ['Sql', 'alice', ['secret'], 'FROM secret', 0, 'INVALID_ARGUMENT'],
      ['Query', 'alice', ['secret'], 'n == 1', 0, 'PERMISSION_DENIED'],
      ['Loss', undefined, [], '', 0, 'UNAUTHENTICATED'],
    ]);
    expect(served.audit[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe('what there is', () => {
  test('Probes: points, columns, rows, times, of what the reader may read', async () => {
    const { probes } = await served.client.probes({}, alice);
    expect(probes.map(({ name }) => name)).toEqual(['exits', 'opens']);
    expect(probes[1]?.points[0]).toMatchObject({
      name: 'open',
      table: 'opens',
      rows: 5000n,
      firstEvent: start,
      lastEvent: start + 4999n,
    });
    expect(probes[1]?.points[0]?.columns.slice(-3).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'n Int64',
      'path Path',
      'truncated Uint64',
    ]);
    await expect(served.client.probes({ probe: 'secret' }, alice)).rejects.toThrow(/PERMISSION_DENIED/);
  });

  test('Nodes: rows of readable probes alone', async () => {
    const { nodes } = await served.client.nodes({}, alice);
    expect(nodes).toMatchObject([
      { name: 'worker', uid: 'node-1', rows: 5010n, probes: ['exits', 'opens'], lastEvent: start + 4999n },
    ]);
    expect((await served.client.nodes({}, bearer('nobody'))).nodes).toEqual([]);
  });

  test('Loss: what was stored, by probe and node', async () => {
    const { losses } = await served.client.loss({}, alice);
    expect(losses).toMatchObject([
      { probe: 'exits', node: 'worker', stored: 10n },
      { probe: 'opens', node: 'worker', stored: 5000n },
    ]);
  });
});

describe('Watch', () => {
  const live = (batch: TestBatch, firstRow = 0): LiveBatch => {
    const { probeUid, probeName, generation, point, pointName, columns } = batch.point ?? describePoint();
    return {
      nodeName: 'worker',
      point: {
        probeUid,
        probeName,
        generation,
        point,
        pointName,
        columns: columns as unknown as LiveBatch['point']['columns'],
      },
      rows: batch.rows,
      firstRow,
      bytes: batchOf(batch),
    };
  };
  const watch = async (
    filter: string,
  ): Promise<{ next: () => Promise<WatchResponse>; cancel: () => void }> => {
    const stream = served.client.watch({ probe: 'opens', filter }, alice);
    const messages = (stream as AsyncIterable<WatchResponse>)[Symbol.asyncIterator]();
    stream.on('error', () => undefined);
    await once(stream, 'metadata');
    return {
      next: async () => (await messages.next()).value as WatchResponse,
      cancel: () => {
        stream.cancel();
      },
    };
  };

  test('events that are committed from now on, of those the ones the filter wants', async () => {
    const { next, cancel } = await watch('path == "/tmp/7" && k8s.namespace == "shop"');
    served.feed.publish(live({ first: 6000, rows: 20 }, 10));
    const header = (await next()).message.value as ResultHeader;
    expect(header).toMatchObject({ probe: 'opens', point: 'open', generation: 1n });
    const chunk = (await next()).message.value as ResultChunk;
    const [row] = rowsOf(header.columns, chunk);
    expect(row).toEqual([
      String(start + 6017n),
      'worker',
      '42',
      null,
      null,
      null,
      null,
      'cat',
      null,
      'shop',
      'web-0',
      'nginx',
      '6017',
      '/tmp/7',
      '0',
    ]);
    expect(chunk.rows).toBe(1);
    cancel();
  });

  test('the header comes again when another generation follows', async () => {
    const { next, cancel } = await watch('');
    for (const generation of [1n, 1n, 2n])
      served.feed.publish(live({ first: 0, rows: 1, point: describePoint({ generation }) }));
    const cases = [];
    for (let message = 0; message < 5; message++) cases.push((await next()).message.case);
    expect(cases).toEqual(['header', 'chunk', 'chunk', 'header', 'chunk']);
    cancel();
  });

  test('a slow reader gets a gap with the number of events, ingest is not held up', async () => {
    const { next, cancel } = await watch('');
    // More than waits for a reader and fits what the connection takes, while this thread does not read.
    const batch = live({ first: 0, rows: 1000 });
    const published = 2000;
    for (let count = 0; count < published; count++) served.feed.publish(batch);
    served.feed.publish(live({ first: 1, rows: 1, point: describePoint({ generation: 9n }) }));
    let [shown, missed] = [0n, 0n];
    while (shown + missed < 1000n * BigInt(published) + 1n) {
      const { message } = await next();
      if (message.case === 'chunk') shown += BigInt(message.value.rows);
      if (message.case === 'gap') {
        missed += message.value.events;
        expect(message.value.message).toMatch(/events came faster than they were read/);
      }
    }
    expect(missed).toBeGreaterThan(0n);
    expect(shown + missed).toBe(1000n * BigInt(published) + 1n);
    cancel();
  });

  test('a filter that does not fit what is stored is refused at once', async () => {
    const stream = served.client.watch({ probe: 'opens', filter: 'm == 1' }, alice);
    await expect(result(stream)).rejects.toThrow(/INVALID_ARGUMENT: --filter, column 1: there is no m here/);
  });

  test('a reader whose right is taken, or whose token expires, is cut off', async () => {
    await using strict = await ServedStore.start({ reviewMs: 5 });
    strict.authority.rights.set('alice', ['opens']);
    const revoked = strict.client.watch({ probe: 'opens' }, alice);
    const ended = result(revoked);
    await once(revoked, 'metadata');
    strict.authority.rights.set('alice', []);
    await expect(ended).rejects.toThrow(/PERMISSION_DENIED/);
    strict.authority.rights.set('alice', ['opens']);
    strict.authority.expires = new Date();
    await expect(result(strict.client.watch({ probe: 'opens' }, alice))).rejects.toThrow(
      /UNAUTHENTICATED: the token has expired/,
    );
  });

  test('who leaves is forgotten', async () => {
    const { cancel } = await watch('');
    cancel();
    while (served.audit.every(({ call }) => call !== 'Watch')) await new Promise(setImmediate);
    expect(served.audit).toMatchObject([{ call: 'Watch', outcome: 'CANCELLED', probes: ['opens'] }]);
    expect(served.feed.wants('opens')).toBe(false);
  });
});
