import { status, type Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { LiveBatch } from '../../aggregator/live.ts';
import { ServedStore } from '../../aggregator/read/testing/servedStore.ts';
import { batchOf, describe as describePoint } from '../../aggregator/store/testing/frames.ts';
import { bearer } from '../../rpc/identity.ts';
import type { Events } from './events.ts';
import { renewedWatch } from './renewedWatch.ts';
import { resultRows } from './resultRows.ts';
import { FakeWatchCall } from './testing/fakeWatchCall.ts';

// Opening a store takes a second, more on a busy machine.
jest.setTimeout(60_000);

const expired = 'the token has expired: go on with a fresh one';
let calls: FakeWatchCall[];
let token: string;
let opened: () => void;
let stop: AbortController;
let shown: (number | string)[];

beforeEach(() => {
  [calls, token, shown, opened, stop] = [[], 'first', [], () => undefined, new AbortController()];
});
afterEach(() => {
  stop.abort();
});

const events = {
  client: {
    watch: (_request: unknown, metadata: Metadata) => {
      const call = new FakeWatchCall(String(metadata.get('authorization')[0]));
      calls.push(call);
      setImmediate(() => call.emit('metadata'));
      opened();
      return call;
    },
  },
  credentials: () => Promise.resolve(bearer(token)),
} as unknown as Events;

/** Watches from now on. */
async function start(
  renewMs = 1,
): Promise<{ ended: Promise<void>; until: (count: number) => Promise<void> }> {
  let look = (): void => undefined;
  const ended = (async () => {
    const ignore = (): void => undefined;
    const options = { signal: stop.signal, onWatching: ignore, onError: ignore, renewMs };
    for await (const message of renewedWatch(events, { probe: 'opens' }, options)) {
      shown.push(message.case === 'gap' ? message.value.message : message.value.rows);
      look();
    }
  })();
  await call(1);
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (shown.length >= count) resolve();
      };
      look();
    });
  return { ended, until };
}

/** The nth call, once it was begun. */
function call(number: number): Promise<FakeWatchCall> {
  return new Promise((resolve) => {
    opened = () => {
      const found = calls[number - 1];
      if (found !== undefined) resolve(found);
    };
    opened();
  });
}

test('with a fresh token a second call takes over, and what both tell is told once', async () => {
  const watching = await start();
  const older = await call(1);
  older.show(1);
  await watching.until(1);
  token = 'second';
  const newer = await call(2);
  older.show(2); // before the newer one watches
  older.show(3);
  older.show(4);
  await watching.until(4);
  newer.show(3);
  newer.show(4);
  newer.show(5);
  await watching.until(5);
  expect(shown).toEqual([1, 2, 3, 4, 5]);
  expect(older.cancelled).toBe(true);
  expect(newer.token).toBe('Bearer second');
});

test('it does not matter which of them is faster', async () => {
  const watching = await start();
  const older = await call(1);
  token = 'second';
  const newer = await call(2);
  newer.show(3);
  newer.show(4);
  older.show(2);
  older.show(3);
  newer.show(5);
  await watching.until(4);
  expect(shown).toEqual([2, 3, 4, 5]);
});

test('a call that ends when its token does is missed by nobody once there is another', async () => {
  const watching = await start();
  const older = await call(1);
  token = 'second';
  const newer = await call(2);
  older.fail(status.UNAUTHENTICATED, expired);
  newer.show(1);
  newer.show(1);
  await watching.until(2);
  expect(shown).toEqual([1, 1]);
});

test('without a fresh token in time the gap is told', async () => {
  const watching = await start(1_000_000);
  const older = await call(1);
  token = 'second';
  older.fail(status.UNAUTHENTICATED, expired);
  (await call(2)).show(1);
  await watching.until(2);
  expect(shown).toEqual([expect.stringContaining('the token had expired before there was a fresh one'), 1]);
});

test('an expired token that stays the same is not tried again and again', async () => {
  const watching = await start();
  (await call(1)).fail(status.UNAUTHENTICATED, expired);
  await expect(watching.ended).rejects.toThrow(expired);
  expect(calls).toHaveLength(1);
});

test('an aggregator tells two calls the same: of events that never pause each is shown once', async () => {
  await using served = await ServedStore.start();
  for (const name of ['first', 'second']) served.authority.rights.set(name, ['opens']);
  const point = describePoint();
  const columns = point.columns as unknown as LiveBatch['point']['columns'];
  let first = 0;
  const publish = (): void => {
    const rows = 3;
    const live = { nodeName: 'worker', point: { ...point, columns }, rows, firstRow: 0 };
    served.feed.publish({ ...live, bytes: batchOf({ first, rows }) });
    first += rows;
  };
  const numbers: number[] = [];
  const own: Events = {
    ...{ client: served.client, credentials: () => Promise.resolve(bearer(token)) },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { signal } = stop;
  const options = { signal, onWatching: publish, onError: () => undefined, renewMs: 1 };
  let until = Infinity;
  // What both calls tell at their change is told once, and so would call for nothing more.
  const pulse = setInterval(publish, 5);
  try {
    for await (const message of renewedWatch(own, { probe: 'opens' }, options)) {
      if (message.case === 'gap') continue;
      const { columns: names } = message.header;
      const index = names.findIndex(({ name }) => name === 'n');
      for (const row of resultRows(names, message.value)) numbers.push(Number(row[index]));
      token = 'second';
      // The first call has ended: some more, and that is it.
      if (served.audit.length > 0) until = Math.min(until, numbers.length + 30);
      if (numbers.length >= until) break;
      publish();
    }
  } finally {
    clearInterval(pulse);
  }
  expect(numbers.length).toBeGreaterThan(30);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});
