import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ServedStore } from '../../aggregator/read/testing/servedStore.ts';
import type { LiveBatch } from '../../aggregator/live.ts';
import { batchOf, describe as describePoint, frameOf } from '../../aggregator/store/testing/frames.ts';
import { runCli } from '../cli.ts';

// Opening a store takes a second, more on a busy machine.
jest.setTimeout(60_000);

let served: ServedStore;
let directory: string;

beforeAll(async () => {
  served = await ServedStore.start();
  served.authority.rights.set('alice', ['opens']);
  await served.store.add(frameOf(1, [{ first: 0, rows: 100 }]));
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-cli-read-'));
  writeFileSync(join(directory, 'token'), 'alice\n');
});

afterAll(async () => {
  expect(served.faults).toEqual([]);
  await served[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

interface Outcome {
  code: number;
  out: string;
  err: string;
}

async function cli(...args: string[]): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    let text = '';
    stream.on('data', (data: Buffer) => (text += data.toString()));
    return () => text;
  });
  const from = ['--server', served.address, '--token-file', join(directory, 'token')];
  const code = await runCli([...args, ...from], { stdout, stderr, env: {} });
  return { code, out: texts[0]?.() ?? '', err: texts[1]?.() ?? '' };
}

test('query shows a table for people: what every event has gives way', async () => {
  const { code, out, err } = await cli('query', 'opens', '--filter', 'n < 2');
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toBe(`TIME                            NODE    PID  COMM  K8S.POD  N  PATH
2023-11-14T22:13:20.000000000Z  worker   42  cat   web-0    0  /tmp/0
2023-11-14T22:13:20.000000001Z  worker   42  cat   web-0    1  /tmp/1
`);
});

test('query tells programs everything, in JSON lines', async () => {
  const { out } = await cli('query', 'opens', '--order', '-n', '--limit', '1', '-o', 'json');
  expect(JSON.parse(out)).toEqual({
    ...{
      time: '2023-11-14T22:13:20.000000099Z',
      node: 'worker',
      pid: 42,
      tid: null,
      ppid: null,
      uid: null,
      gid: null,
    },
    ...{ comm: 'cat', context: null, 'k8s.namespace': 'shop', 'k8s.pod': 'web-0', 'k8s.container': 'nginx' },
    ...{ n: 99, path: '/tmp/9', truncated: 0 },
  });
});

test('a page names the next one, which goes on from there', async () => {
  const first = await cli('query', 'opens', '--columns', 'n', '--limit', '60', '-o', 'csv');
  const page = /--page (\S+)/.exec(first.err)?.[1] ?? '';
  expect(first.err).toMatch('only the first 60 rows are shown');
  const second = await cli('query', 'opens', '--columns', 'n', '--limit', '60', '-o', 'csv', '--page', page);
  expect(second.err).toBe('');
  const numbers = `${first.out}${second.out}`.split('\r\n').filter((line) => /^\d/.test(line));
  expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => String(number)));
});

test('top', async () => {
  const { out } = await cli('top', 'opens', '--by', 'path', '--value', 'max(n)', '--limit', '2');
  expect(out).toBe(`PATH    COUNT  MAX(N)
/tmp/9     10      99
/tmp/8     10      98
`);
});

test('sql in all formats', async () => {
  const statement = `SELECT n, path, NULL AS nothing, n > 1 AS "no" FROM opens WHERE n = 1`;
  expect((await cli('sql', statement)).out).toBe('N  PATH    NOTHING  NO\n1  /tmp/1        -  false\n');
  expect((await cli('sql', statement, '-o', 'csv')).out).toBe('n,path,nothing,no\r\n1,/tmp/1,,false\r\n');
  expect((await cli('sql', statement, '-o', 'json')).out).toBe(
    '{"n":1,"path":"/tmp/1","nothing":null,"no":false}\n',
  );
  expect((await cli('sql', statement, '-o', 'yaml')).out).toBe(
    '---\n"n": 1\n"path": "/tmp/1"\n"nothing": null\n"no": false\n',
  );
});

test('a result without rows still has its header', async () => {
  expect((await cli('sql', 'SELECT n FROM opens WHERE n < 0')).out).toBe('N\n');
});

test('nodes, loss, describe', async () => {
  expect((await cli('nodes')).out).toBe(`NODE    EVENTS  LAST_EVENT                      PROBES
worker     100  2023-11-14T22:13:20.000000099Z  opens
`);
  expect((await cli('loss', '-o', 'json')).out).toMatch(
    /"probe":"opens","node":"worker",.*"stored":100,.*"unattributed":0,.*"unknown_since":null/,
  );
  const { out } = await cli('describe', 'opens');
  expect(out).toMatch(/Point open\n {2}table {4}"opens"\n {2}events {3}100/);
  expect(out).toMatch(/ {4}path +Path/);
});

test('refusals are sentences, with what to do, and an exit code', async () => {
  const filter = await cli('query', 'opens', '--filter', 'm == 1');
  expect(filter.code).toBe(1);
  expect(filter.err).toMatch(/^error: --filter, column 1: there is no m here\n {2}m == 1\n {2}\^\n/);
  expect((await cli('query', 'secret')).err).toMatch(
    /^error: alice may not read events of probe secret: that takes verb get/,
  );
  expect((await cli('sql', 'DROP TABLE opens')).err).toMatch(/^error: only SELECT can be run here/);
  expect((await cli('query', 'opens', '--since', 'yesterday')).code).toBe(2);
});

test('a token is sent to this machine alone without TLS', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(['nodes', '--server', '192.0.2.1:9443'], { stdout, stderr, env: {} });
  expect(code).toBe(2);
  expect(String(stderr.read())).toMatch('without --ca-file nothing is sent to 192.0.2.1:9443');
});

test('watch shows what is committed, and ends after a number of events', async () => {
  const { probeUid, probeName, generation, point, pointName, columns } = describePoint();
  const batch: LiveBatch = {
    nodeName: 'worker',
    point: {
      probeUid,
      probeName,
      generation,
      point,
      pointName,
      columns: columns as unknown as LiveBatch['point']['columns'],
    },
    rows: 10,
    firstRow: 0,
    bytes: batchOf({ first: 0, rows: 10 }),
  };
  const watched = cli('watch', 'opens', '--filter', 'n > 3', '--count', '2', '-o', 'json');
  while (!served.feed.wants('opens')) await new Promise(setImmediate);
  served.feed.publish(batch);
  const { code, out, err } = await watched;
  expect(err).toBe('');
  expect(code).toBe(0);
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events).toMatchObject([
    { probe: 'opens', point: 'open', n: 4 },
    { probe: 'opens', n: 5 },
  ]);
});

test('a server that is not there is told by its address', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let err = '';
  stderr.on('data', (data: Buffer) => (err += data.toString()));
  const code = await runCli(['nodes', '--server', '127.0.0.1:1'], { stdout, stderr, env: {} });
  expect(code).toBe(1);
  expect(err).toMatch(/^error: the aggregator cannot be reached: .*127\.0\.0\.1:1/);
});
