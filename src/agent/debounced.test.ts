import { expect, jest, test } from '@jest/globals';
import { Debounced } from './debounced.ts';

test('many requests are one action, a while after the first of them', () => {
  jest.useFakeTimers();
  try {
    let count = 0;
    const debounced = new Debounced(() => count++, 100);
    for (let i = 0; i < 10; i++) {
      debounced.request();
      jest.advanceTimersByTime(9);
    }
    expect(count).toBe(0);
    jest.advanceTimersByTime(10);
    expect(count).toBe(1);
    debounced.request();
    jest.advanceTimersByTime(100);
    expect(count).toBe(2);
  } finally {
    jest.useRealTimers();
  }
});

test('what was asked for can be had at once, and then does not come again', () => {
  let count = 0;
  const debounced = new Debounced(() => count++, 1e9);
  debounced.flush();
  expect(count).toBe(0);
  debounced.request();
  debounced.flush();
  debounced.flush();
  expect(count).toBe(1);
});

test('what was called off is not done, unless it is asked for again', () => {
  let count = 0;
  const debounced = new Debounced(() => count++, 1e9);
  debounced.request();
  debounced.cancel();
  debounced.flush();
  expect(count).toBe(0);
  debounced.request();
  debounced.flush();
  expect(count).toBe(1);
});
