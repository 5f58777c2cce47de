import { expect, test } from '@jest/globals';
import { BlockPool } from './blockPool.ts';

test('a block that was given back is the next one of its size', () => {
  const pool = new BlockPool(100);
  const block = pool.take(60);
  pool.give(block);
  expect(pool.take(40)).not.toBe(block);
  expect(pool.take(60)).toBe(block);
  expect(pool.take(60)).not.toBe(block);
});

test('more than it may keep is left to be collected', () => {
  const pool = new BlockPool(100);
  const [first, second] = [pool.take(60), pool.take(60)];
  pool.give(first);
  pool.give(second);
  expect(pool.take(60)).toBe(first);
  expect(pool.take(60)).not.toBe(second);
});
