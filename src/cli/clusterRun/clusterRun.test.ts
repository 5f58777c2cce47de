import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { LiveBatch } from '../../aggregator/live.ts';
import { ServedStore } from '../../aggregator/read/testing/servedStore.ts';
import { batchOf, describe as describePoint } from '../../aggregator/store/testing/frames.ts';
import type { TraceProbe } from '../../api/index.ts';
import { ApiClient } from '../../kubernetes/apiClient.ts';
import { FakeApiServer } from '../../kubernetes/testing/fakeApiServer.ts';
import { bearer } from '../../rpc/identity.ts';
import type { CliContext } from '../cliContext.ts';
import { TextOutput } from '../output/textOutput.ts';
import { clusterRun, type ClusterRun } from './clusterRun.ts';

// Opening a store takes a second, more on a busy machine.
jest.setTimeout(60_000);

let served: ServedStore;
let server: FakeApiServer;
let api: ApiClient;

beforeAll(async () => {
  served = await ServedStore.start();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
});
beforeEach(async () => {
  served.authority.rights.set('alice', ['*']);
  server = await FakeApiServer.start();
  server.intercept = ({ method, body }) => {
    if (method === 'POST') {
      const { metadata } = body as TraceProbe;
      server.put(metadata.name, { metadata: { ...metadata, uid: 'u', resourceVersion: '1', generation: 1 } });
    }
    return method === 'POST' || method === 'DELETE' ? { status: 200, body: body ?? {} } : undefined;
  };
  api = new ApiClient(server.kubeConfig);
});
afterEach(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

interface Run {
  ended: Promise<void>;
  out: () => string;
  err: () => string;
  interrupt: () => void;
}

function start(changes: Partial<ClusterRun> = {}): Run {
  const [out, err] = [collect(), collect()];
  const context: CliContext = {
    stdout: new TextOutput(out.stream, {}),
    stderr: new TextOutput(err.stream, {}),
    environment: {},
    log: () => undefined,
    exitCode: 0,
  };
  const interruption = new AbortController();
  const events = {
    client: served.client,
    credentials: () => Promise.resolve(bearer('alice')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const run: ClusterRun = {
    inline: { attach: 'syscall/openat', capture: ['filename'], filter: 'retval < 0' },
    for: undefined,
    count: undefined,
    output: 'json',
    ...changes,
  };
  return {
    ended: clusterRun(run, api, events, context, interruption.signal),
    out: out.text,
    err: err.text,
    interrupt: () => {
      interruption.abort();
    },
  };
}

function collect(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (data: Buffer) => (text += data.toString()));
  return { stream, text: () => text };
}

/** The probe that was created, once it is watched for. */
async function created(): Promise<TraceProbe> {
  await server.until(() => server.watches === 1);
  return server.requests.find(({ method }) => method === 'POST')?.body as TraceProbe;
}

/** @param conditions their status, and their reason when it matters */
function report(
  { metadata: { name } }: TraceProbe,
  conditions: Record<string, string | [status: string, reason: string]>,
  rest: object,
): void {
  server.put(name, {
    metadata: { name, uid: 'u', generation: 1 },
    status: {
      conditions: Object.entries(conditions).map(([type, told]) => {
        const [status, reason = 'Any'] = typeof told === 'string' ? [told] : told;
        return { type, status, observedGeneration: 1, reason, message: `${type} is ${status}` };
      }),
      ...rest,
    },
  });
}

function publish(name: string): void {
  const { probeUid, generation, point, pointName, columns } = describePoint();
  served.feed.publish({
    nodeName: 'worker',
    point: {
      probeUid,
      probeName: name,
      generation,
      point,
      pointName,
      columns: columns as unknown as LiveBatch['point']['columns'],
    },
    rows: 3,
    firstRow: 0,
    bytes: batchOf({ first: 0, rows: 3 }),
  });
}

const deleted = (name: string): boolean =>
  server.requests.some(({ method, path }) => method === 'DELETE' && path.endsWith(`/traceprobes/${name}`));

test('a probe is created that expires, its events are shown, and it is deleted at the end', async () => {
  const run = start({ for: '30s', count: 2 });
  const probe = await created();
  expect(probe.metadata.name).toMatch(/^openat-[a-z2-9]{5}$/);
  expect(probe.spec).toMatchObject({
    expireAfter: '1m30s',
    points: [{ attach: 'syscall/openat', filter: 'retval < 0' }],
  });
  report(probe, { Accepted: 'True', Programmed: 'True' }, { nodes: { desired: 2, running: 2 } });
  publish(probe.metadata.name);
  await run.ended;
  expect(run.out().trim().split('\n')).toHaveLength(2);
  expect(run.err()).toMatch(/openat-\w+ on 0 nodes:\n {2}attempted 0 = 0 stored\n {2}shown {5}2\n/);
  expect(deleted(probe.metadata.name)).toBe(true);
});

test('Ctrl-C deletes it, also before any node has it', async () => {
  const run = start();
  const probe = await created();
  expect(probe.spec.expireAfter).toBe('1h');
  run.interrupt();
  await run.ended;
  expect(deleted(probe.metadata.name)).toBe(true);
});

test('nodes that failed are named, and the others go on', async () => {
  const run = start({ count: 3 });
  const probe = await created();
  const failures = [
    { reason: 'SymbolNotFound', message: 'there is no such function', count: 1, nodes: ['old'] },
  ];
  report(probe, { Programmed: 'True' }, { nodes: { desired: 2, running: 1 }, failures });
  while (run.err() === '') await new Promise(setImmediate);
  publish(probe.metadata.name);
  await run.ended;
  expect(run.err()).toMatch(
    /^warning: openat-\w+ runs on 1 of 2 nodes\n {2}SymbolNotFound on old: there is no such function\n/,
  );
});

test.each<[Record<string, string | [string, string]>, object, RegExp]>([
  [{ Accepted: 'False' }, {}, /is not accepted: Accepted is False/],
  [
    { Programmed: 'True', Ready: 'False' },
    { nodes: { desired: 1, running: 0 } },
    /no node runs TraceProbe .*: Ready is False/,
  ],
  ...['CanaryFailed', 'NoNodes', 'AgentsUnreachable', 'SuspendedClusterWide'].map(
    (reason): [Record<string, string | [string, string]>, object, RegExp] => [
      { Accepted: 'True', Programmed: ['False', reason] },
      { nodes: { desired: 30, running: 0 } },
      /cannot run: Programmed is False/,
    ],
  ),
])('what cannot run is said and deleted: %j', async (conditions, rest, message) => {
  const run = start();
  const probe = await created();
  report(probe, conditions, rest);
  await expect(run.ended).rejects.toThrow(message);
  expect(deleted(probe.metadata.name)).toBe(true);
});

test('what failed where it was tried first is told', async () => {
  const run = start();
  const failures = [{ reason: 'VerifierRefused', message: 'R1 invalid', count: 1, nodes: ['n7'] }];
  report(await created(), { Programmed: ['False', 'CanaryFailed'] }, { nodes: { desired: 30 }, failures });
  await expect(run.ended).rejects.toMatchObject({
    problems: [{ hints: ['VerifierRefused on n7: R1 invalid'] }],
  });
});

test('connections that break, and watches that the API server ends, are got over', async () => {
  const run = start({ count: 3 });
  const probe = await created();
  report(probe, { Programmed: ['False', 'Progressing'] }, { nodes: { desired: 1 } });
  const begun = (): typeof server.requests =>
    server.requests.filter(({ query }) => query['watch'] === 'true');
  server.failWatches({ code: 504, reason: 'Timeout', message: 'too long' });
  await server.until(() => begun().length === 2);
  server.cut();
  await server.until(() => begun().length === 3);
  report(probe, { Programmed: 'True' }, { nodes: { desired: 1, running: 1 } });
  publish(probe.metadata.name);
  await run.ended;
  expect(begun().map(({ query }) => query['allowWatchBookmarks'])).toEqual(['true', 'true', 'true']);
});

test('a probe that somebody else deletes ends it', async () => {
  const run = start();
  server.delete((await created()).metadata.name);
  await expect(run.ended).rejects.toThrow('was deleted by somebody else');
});

test('who may create but not watch is told so, and nothing stays behind', async () => {
  const usual = server.intercept;
  const refusal = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'alice cannot list' };
  server.intercept = (request, response) =>
    request.method === 'GET' ? { status: 403, body: refusal } : usual?.(request, response);
  const run = start();
  await expect(run.ended).rejects.toThrow('alice cannot list');
  expect(server.requests.map(({ method }) => method)).toContain('DELETE');
});

test('a name that is taken is not touched', async () => {
  server.intercept = ({ method }) =>
    method === 'POST' ? { status: 409, body: { reason: 'AlreadyExists', message: 'exists' } } : undefined;
  const run = start({ inline: { attach: 'syscall/openat', name: 'mine' } });
  await expect(run.ended).rejects.toThrow('there is a TraceProbe mine already');
  expect(deleted('mine')).toBe(false);
});

test('who may not watch creates nothing', async () => {
  served.authority.rights.set('alice', []);
  await expect(start().ended).rejects.toThrow(/alice may not read events of probe/);
  expect(server.requests).toEqual([]);
});
