import { expect, jest, test } from '@jest/globals';
import { watchParent } from './watchParent.ts';

test('who watches its parent is told, once, that another process has taken its place', () => {
  jest.useFakeTimers();
  try {
    let parent = 7;
    const onGone = jest.fn();
    using _watch = watchParent(onGone, () => parent);
    jest.advanceTimersByTime(10_000);
    expect(onGone).not.toHaveBeenCalled();
    parent = 1;
    jest.advanceTimersByTime(10_000);
    expect(onGone).toHaveBeenCalledTimes(1);
  } finally {
    jest.useRealTimers();
  }
});
