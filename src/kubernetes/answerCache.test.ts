import { expect, test } from '@jest/globals';
import { AnswerCache } from './answerCache.ts';
import { ManualClock } from './testing/manualClock.ts';

test('one question is asked once at a time, and its answer holds as long as it says', async () => {
  const clock = new ManualClock();
  const cache = new AnswerCache<number>({ clock });
  let asked = 0;
  const ask = () => Promise.resolve({ value: (asked += 1), keepMs: 1000 });
  expect(await Promise.all([cache.get('a', ask), cache.get('a', ask)])).toEqual([1, 1]);
  clock.advance(999);
  expect(await cache.get('a', ask)).toBe(1);
  clock.advance(1);
  expect(await cache.get('a', ask)).toBe(2);
});

test('a refusal is remembered for its time; a failure to ask is not', async () => {
  const clock = new ManualClock();
  const cache = new AnswerCache<number>({ clock });
  const refuse = () => Promise.resolve({ refusal: 'forbidden', message: 'no', keepMs: 10 } as const);
  const accept = () => Promise.resolve({ value: 1, keepMs: 10 });
  await expect(cache.get('a', refuse)).rejects.toMatchObject({ refusal: 'forbidden', message: 'no' });
  await expect(cache.get('a', accept)).rejects.toMatchObject({ refusal: 'forbidden' });
  clock.advance(10);
  expect(await cache.get('a', accept)).toBe(1);
  await expect(cache.get('b', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.get('b', accept)).toBe(1);
});

test('a flood of strangers fills neither memory nor the API server, and those who are known are served', async () => {
  const cache = new AnswerCache<string>({ maxEntries: 10, concurrency: 2, maxWaiting: 3 });
  await cache.get('known', () => Promise.resolve({ value: 'friend', keepMs: 1000 }));
  let now = 0;
  let most = 0;
  const release = Promise.withResolvers<undefined>();
  const slow = async () => {
    now += 1;
    most = Math.max(most, now);
    await release.promise;
    now -= 1;
    return { value: 'stranger', keepMs: 1000 };
  };
  const flood = Array.from({ length: 100 }, (_, i) =>
    cache.get(`stranger-${i}`, slow).catch((error: unknown) => error),
  );
  expect(await cache.get('known', slow)).toBe('friend');
  release.resolve(undefined);
  const outcomes = await Promise.all(flood);
  expect(most).toBe(2);
  expect(outcomes.filter((outcome) => outcome === 'stranger')).toHaveLength(5);
  expect(outcomes.at(-1)).toMatchObject({ refusal: 'unavailable' });
  for (let i = 0; i < 50; i += 1) {
    await cache.get(`later-${i}`, () => Promise.resolve({ value: 'x', keepMs: 1000 }));
  }
  expect(cache.size).toBe(10);
});

test('a flood of bad tokens does not push out the answer about a good one', async () => {
  const cache = new AnswerCache<string>({ maxEntries: 10 });
  await cache.get('known', () => Promise.resolve({ value: 'friend', keepMs: 1000 }));
  const refuse = () => Promise.resolve({ refusal: 'unauthenticated', message: 'bad', keepMs: 1000 } as const);
  for (let i = 0; i < 100; i += 1) await cache.get(`bad-${i}`, refuse).catch(() => undefined);
  expect(await cache.get('known', refuse)).toBe('friend');
  expect(cache.size).toBe(11);
});
