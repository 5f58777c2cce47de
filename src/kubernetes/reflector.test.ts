import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiClient } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { Backoff } from '../service/backoff.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { ChangeLog } from './testing/changeLog.ts';
import { FakeApiServer, type FakeObject } from './testing/fakeApiServer.ts';

let server: FakeApiServer;
let api: ApiClient;
let reflector: Reflector<FakeObject, FakeObject> | undefined;
let log: ChangeLog<FakeObject>;
let errors: ApiError[];
let counts: { restarts: number; relists: number };

beforeEach(async () => {
  server = await FakeApiServer.start();
  api = new ApiClient(server.kubeConfig);
  log = new ChangeLog(
    (object) => object.metadata.name + (object.color === undefined ? '' : `=${object.color}`),
  );
  errors = [];
  counts = { restarts: 0, relists: 0 };
});

afterEach(async () => {
  await reflector?.stop();
  reflector = undefined;
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

function start(
  options: Partial<ReflectorOptions<FakeObject, FakeObject>> = {},
): Reflector<FakeObject, FakeObject> {
  reflector = new Reflector<FakeObject, FakeObject>({
    api,
    path: '/apis/test/v1/things',
    transform: (object) => object,
    onChange: log.onChange,
    onError: (error) => errors.push(error as ApiError),
    onRestart: () => (counts.restarts += 1),
    onRelist: () => (counts.relists += 1),
    backoff: new Backoff({ firstMs: 1, maxMs: 20 }),
    ...options,
  });
  return reflector;
}

function watching(): Promise<void> {
  return server.until(() => server.watches === 1);
}

test('a collection is listed in pages, then watched from there', async () => {
  for (let i = 0; i < 7; i += 1) server.put(`thing-${i}`);
  const { synced } = start({ pageSize: 3, query: { labelSelector: 'a=b' } });
  await synced;
  expect(log.lines).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `added thing-${i}`));
  await watching();
  server.put('thing-0', { color: 'red' });
  server.delete('thing-1');
  server.put('new');
  await log.has('added new');
  expect(log.lines.slice(7)).toEqual(['changed thing-0=red', 'deleted thing-1', 'added new']);
  expect(server.requests.map(({ query }) => query)).toMatchObject([
    { limit: '3', labelSelector: 'a=b' },
    { limit: '3', continue: '3@107' },
    { limit: '3', continue: '6@107' },
    { watch: 'true', resourceVersion: '107', allowWatchBookmarks: 'true', labelSelector: 'a=b' },
  ]);
  expect(server.requests[0]?.query).not.toHaveProperty('resourceVersion');
});

test('a watch that is reset, or that the server ends, goes on where it was: nothing lost, nothing twice', async () => {
  server.put('a');
  start();
  for (const end of ['cut', 'endWatches', 'cut'] as const) {
    await watching();
    server[end]();
    server.put(`after-${end}`, { color: end });
    await server.until(() => server.watches === 0);
  }
  await log.has('changed after-cut=cut');
  expect(log.lines).toEqual([
    'added a',
    'added after-cut=cut',
    'added after-endWatches=endWatches',
    'changed after-cut=cut',
  ]);
  expect(counts).toMatchObject({ relists: 0 });
  expect(counts.restarts).toBeGreaterThanOrEqual(3);
});

test('a server that is away for a while is found again', async () => {
  server.put('a');
  start();
  await watching();
  await server.close();
  server.put('b');
  await server.listen();
  await log.has('added b');
  expect(counts.relists).toBe(0);
});

test('bookmarks move the place to go on from', async () => {
  server.put('a');
  start();
  await watching();
  server.bookmark();
  const { version } = server;
  server.put('b');
  await log.has('added b');
  server.compact();
  server.bookmark();
  server.cut();
  await server.until(() => server.watches === 0);
  await watching();
  expect(Number(server.requests.at(-1)?.query['resourceVersion'])).toBeGreaterThan(Number(version));
});

test.each([
  ['as the answer to a watch', 'status'],
  ['as an ERROR event within a watch', 'event'],
])(
  '410 %s lists again, and what vanished meanwhile is told as deleted as it was last known',
  async (_, kind) => {
    server.put('a', { color: 'blue' });
    server.put('b');
    start();
    await watching();
    server.intercept = ({ query }) => {
      if (query['limit'] === undefined) return undefined;
      server.intercept = undefined; // before the list is read
      server.delete('a');
      server.put('c');
      server.compact();
      return undefined;
    };
    if (kind === 'event') server.failWatches({ code: 410, reason: 'Expired', message: 'too old' });
    else {
      server.endWatches();
      server.bookmark();
      server.compact();
    }
    await log.has('deleted a=blue');
    await watching();
    expect(log.lines).toEqual(['added a=blue', 'added b', 'added c', 'deleted a=blue']);
    expect(counts.relists).toBe(1);
    expect(errors.some((error) => error.isExpired)).toBe(true);
  },
);

test('an object that was replaced by another of its name is deleted and added', async () => {
  server.put('a', {}, 'first');
  start();
  await watching();
  server.intercept = ({ query }) => {
    if (query['limit'] === undefined) return undefined;
    server.intercept = undefined;
    server.delete('a');
    server.put('a', {}, 'second');
    return undefined;
  };
  server.failWatches({ code: 410, reason: 'Gone' });
  await log.has('added a', 2);
  expect(log.lines).toEqual(['added a', 'deleted a', 'added a']);
});

test('pages that expire while they are turned are fetched all at once', async () => {
  for (let i = 0; i < 4; i += 1) server.put(`thing-${i}`);
  server.intercept = ({ query }) => {
    if (query['continue'] === undefined) return undefined;
    server.intercept = undefined;
    server.bookmark();
    server.compact();
    return undefined;
  };
  await start({ pageSize: 2 }).synced;
  expect(log.lines).toEqual([0, 1, 2, 3].map((i) => `added thing-${i}`));
});

test('a place in the future is tried a few times, for a replica that lags, then everything is listed', async () => {
  server.put('a');
  start();
  await watching();
  let refused = 0;
  server.intercept = ({ query }) => {
    if (query['watch'] === undefined || refused === 3) return undefined;
    refused += 1;
    const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
    return { status: 504, body: { kind: 'Status', code: 504, reason: 'Timeout', details: { causes } } };
  };
  server.endWatches();
  await server.until(() => refused === 3 && server.watches === 1);
  expect(counts.relists).toBe(1);
});

test('a silent watch is given up and begun anew', async () => {
  server.put('a');
  start({ silenceMs: 50 });
  await server.until(() => server.requests.filter(({ query }) => query['watch'] === 'true').length >= 2);
  server.put('b');
  await log.has('added b');
  expect(errors[0]).toMatchObject({ reason: 'TimedOut' });
  expect(counts.relists).toBe(0);
});

test('a server that does not even begin to answer a watch is given up too', async () => {
  server.intercept = ({ query }) => {
    if (query['watch'] === undefined) return undefined;
    server.intercept = undefined;
    return 'taken';
  };
  start({ silenceMs: 50 });
  await watching();
  expect(errors[0]).toMatchObject({ reason: 'TimedOut' });
});

test('the right to watch that is lacking is asked for less and less often', async () => {
  const waits: number[] = [];
  class Watched extends Backoff {
    override next(): number {
      waits.push(super.next());
      return 0;
    }
  }
  server.intercept = ({ query }) =>
    query['watch'] === undefined
      ? undefined
      : { status: 403, body: { kind: 'Status', code: 403, reason: 'Forbidden' } };
  start({ backoff: new Watched({ firstMs: 100, maxMs: 1000, random: () => 0 }) });
  await server.until(() => server.requests.length >= 12);
  expect(waits.slice(0, 5)).toEqual([50, 100, 200, 400, 500]);
});

test('429 is heeded as long as the server says', async () => {
  let refused = 0;
  server.intercept = () => {
    if (refused > 0) return undefined;
    refused = performance.now();
    const body = {
      kind: 'Status',
      code: 429,
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 0.2 },
    };
    return { status: 429, body };
  };
  await start().synced;
  expect(performance.now() - refused).toBeGreaterThanOrEqual(199);
});

test('what the transform leaves out is not there, and is deleted when it is left out later', async () => {
  server.put('a', { color: 'red' });
  server.put('b');
  const { synced } = start({ transform: (object) => (object.color === undefined ? undefined : object) });
  await synced;
  await watching();
  server.put('b', { color: 'green' });
  server.put('a');
  await log.has('deleted a=red');
  expect(log.lines).toEqual(['added a=red', 'added b=green', 'deleted a=red']);
});

test('a version that says nothing new is not told', async () => {
  server.put('a', { color: 'red', size: 1 });
  start({ isSame: (one, other) => one.color === other.color });
  await watching();
  server.put('a', { color: 'red', size: 2 });
  server.put('a', { color: 'blue', size: 2 });
  await log.has('changed a=blue');
  expect(log.lines).toEqual(['added a=red', 'changed a=blue']);
});

test('a callback that throws loses nothing that follows', async () => {
  server.put('a');
  server.put('b');
  start({
    onChange: (change) => {
      log.onChange(change);
      if (change.object.metadata.name === 'a') throw new Error('a bug');
    },
  });
  await log.has('added b');
  expect(errors.map(({ message }) => message)).toEqual(['a bug']);
});

test('an event in pieces, with characters cut in two and 3 MB long, is one event', async () => {
  start();
  await watching();
  const metadata = { name: 'a', uid: 'u', resourceVersion: '500' };
  const line = JSON.stringify({
    type: 'ADDED',
    object: { metadata, color: 'grün', padding: 'ü'.repeat(1.5e6) },
  });
  const bytes = Buffer.from(`${line}\n`);
  const cut = bytes.indexOf(0xc3) + 1; // within the first ü
  server.send(bytes.subarray(0, cut));
  await new Promise(setImmediate);
  server.send(bytes.subarray(cut));
  await log.has('added a=grün');
});

test('garbage in a watch begins it anew', async () => {
  start();
  await watching();
  server.send('<html>bad gateway</html>\n');
  await server.until(() => server.watches === 0);
  await watching();
  server.put('a');
  await log.has('added a');
  expect(errors[0]).toMatchObject({ reason: 'Unreadable' });
});

test('stopped, it closes its connection, tells nothing, and whoever waits for the list is told', async () => {
  server.put('a');
  const { synced } = start();
  await synced;
  await watching();
  await reflector?.stop();
  await server.until(() => server.watches === 0);

  server.intercept = () => 'taken';
  const unlisted = start();
  const refusal = expect(unlisted.synced).rejects.toThrow('was stopped before it had listed');
  await server.until(() => server.requests.length >= 3);
  await unlisted.stop();
  await refusal;
});
