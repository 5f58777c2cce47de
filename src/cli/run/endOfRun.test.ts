import { expect, jest, test } from '@jest/globals';
import { after, anyAborted } from './endOfRun.ts';

test('a time longer than a timer can be is waited for, too', () => {
  jest.useFakeTimers();
  try {
    const days = 40 * 24 * 3600 * 1000;
    using elapsed = after(days);
    jest.advanceTimersByTime(days - 1);
    expect(elapsed.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(elapsed.aborted).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test('no time at all is over at once', () => {
  using elapsed = after(0);
  expect(elapsed.aborted).toBe(true);
});

test('the first of several ends the wait, even one that was aborted before', async () => {
  await anyAborted([new AbortController().signal, AbortSignal.abort()]);
  const late = new AbortController();
  const waiting = anyAborted([new AbortController().signal, late.signal]);
  late.abort();
  await waiting;
});
