import { expect, test } from '@jest/globals';
import { packBatches } from './packBatches.ts';

test('views of large memory come as the same bytes in memory of just their size', () => {
  const large = Uint8Array.from({ length: 1000 }, (_, index) => index);
  const given = [large.subarray(10, 13), large.subarray(500, 501), new Uint8Array(0)];
  const { batches, memory } = packBatches(given);
  expect(batches).toEqual(given);
  expect(memory.byteLength).toBe(4);
  expect(batches.map(({ buffer }) => buffer)).toEqual([memory, memory, memory]);
});

test('what was given stays as it is when the copy goes to another thread', () => {
  const given = [Uint8Array.of(1, 2, 3)];
  const { batches, memory } = packBatches(given);
  const moved = structuredClone(batches, { transfer: [memory] });
  expect(moved).toEqual(given);
  expect(batches[0]).toHaveLength(0);
  expect(given[0]).toHaveLength(3);
});
