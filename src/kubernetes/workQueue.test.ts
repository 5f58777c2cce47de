import { expect, test } from '@jest/globals';
import { processQueue } from './processQueue.ts';
import { ManualClock } from './testing/manualClock.ts';
import { WorkQueue } from './workQueue.ts';

test('a key that was added often is handed out once', async () => {
  const queue = new WorkQueue();
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
  expect(queue.depth).toBe(0);
});

test('a key added while it is worked on comes again, but not before that work is done', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  queue.add('b');
  expect(await queue.take()).toBe('b');
  const next = queue.take();
  queue.done('a');
  expect(await next).toBe('a');
  queue.done('a');
  expect(queue.depth + queue.working).toBe(1); // b
});

test('never the same key twice at once, and no addition is lost, under concurrent work', async () => {
  const queue = new WorkQueue();
  const wanted = new Map<string, number>();
  const seen = new Map<string, number>();
  const running = new Set<string>();
  const twice: string[] = [];
  let calls = 0;
  const work = processQueue(
    queue,
    async (key) => {
      if (running.has(key)) twice.push(key);
      running.add(key);
      seen.set(key, wanted.get(key) ?? 0);
      calls += 1;
      for (let i = 0; i < calls % 5; i += 1) await Promise.resolve();
      running.delete(key);
      return undefined;
    },
    { concurrency: 4, onError: () => undefined },
  );
  for (let i = 0; i < 3000; i += 1) {
    const key = `key-${(i * 7919) % 13}`;
    wanted.set(key, i);
    queue.add(key);
    if (i % 3 === 0) await Promise.resolve();
  }
  while (queue.depth + queue.working > 0) await new Promise(setImmediate);
  queue.shutDown();
  await work;
  expect(twice).toEqual([]);
  expect(seen).toEqual(wanted);
});

test('a delayed key comes when it is due, the earliest wish counts, and add() makes it due now', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter('a', 1000);
  queue.addAfter('a', 500);
  queue.addAfter('a', 2000);
  clock.advance(499);
  expect(queue.depth).toBe(0);
  clock.advance(1);
  expect(await queue.take()).toBe('a');
  queue.done('a');
  queue.addAfter('b', 1000);
  queue.add('b');
  expect(await queue.take()).toBe('b');
  queue.done('b');
  clock.advance(5000);
  expect(queue.depth).toBe(0);
});

test('failures wait twice as long each time, up to a bound, until they are forgotten', () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, firstRetryMs: 10, maxRetryMs: 50 });
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 5; i += 1) {
    queue.retry('a');
    waits.push(clock.nextDue);
    clock.advance(50);
    void queue.take();
    queue.done('a');
  }
  expect(waits).toEqual([10, 20, 40, 50, 50]);
  queue.forget('a');
  queue.retry('a');
  expect(clock.nextDue).toBe(10);
});

test('a failed reconcile is reported and tried again; a wish to come again is heard', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, firstRetryMs: 10 });
  const failures: unknown[] = [];
  let calls = 0;
  const work = processQueue(
    queue,
    () => {
      calls += 1;
      if (calls === 1) return Promise.reject(new Error('not yet'));
      return Promise.resolve(calls === 2 ? { againAfterMs: 60_000 } : undefined);
    },
    { onError: (key, error) => failures.push([key, (error as Error).message]) },
  );
  queue.add('a');
  for (const [due, expected] of [
    [10, 1],
    [60_000, 2],
    [undefined, 3],
  ]) {
    while (calls < (expected ?? 0) || queue.working > 0) await new Promise(setImmediate);
    expect(clock.nextDue).toBe(due);
    clock.advance(due ?? 0);
  }
  queue.shutDown();
  await work;
  expect(failures).toEqual([['a', 'not yet']]);
});

test('after shutting down whoever waits is sent home, and delayed keys do not come', async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock });
  const waiting = queue.take();
  queue.addAfter('a', 10);
  queue.shutDown();
  queue.add('b');
  clock.advance(100);
  expect(await waiting).toBeUndefined();
  expect(await queue.take()).toBeUndefined();
  expect(queue.depth).toBe(0);
});
