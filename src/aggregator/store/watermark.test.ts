import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Watermark } from './watermark.ts';

test('what follows is taken, what came before is not', () => {
  const watermark = new Watermark();
  expect(watermark.take(0n, 3, 0)).toEqual([{ from: 0, to: 3 }]);
  expect(watermark.take(0n, 3, 0)).toEqual([]);
  expect(watermark.take(1n, 4, 0)).toEqual([{ from: 2, to: 4 }]);
  expect(watermark.next).toBe(5n);
});

test('a missing range is a gap until it comes', () => {
  const watermark = new Watermark();
  watermark.take(0n, 1, 0);
  watermark.take(10n, 5, 7);
  expect(watermark.gaps).toEqual([{ first: 1n, last: 9n, seen: 7 }]);
  expect(watermark.take(4n, 2, 8)).toEqual([{ from: 0, to: 2 }]);
  expect(watermark.gaps).toEqual([
    { first: 1n, last: 3n, seen: 7 },
    { first: 6n, last: 9n, seen: 7 },
  ]);
  expect(watermark.take(0n, 15, 9)).toEqual([
    { from: 1, to: 4 },
    { from: 6, to: 10 },
  ]);
  expect(watermark.gaps).toEqual([]);
});

test('what was sent and did not come by the end is a gap', () => {
  const watermark = new Watermark(3n);
  watermark.finish(5n, 1);
  watermark.finish(4n, 2);
  expect(watermark).toMatchObject({ next: 5n, gaps: [{ first: 3n, last: 4n, seen: 1 }] });
});

test('whatever order ranges come in, each number is taken once, and gaps are those that never came', () => {
  const range = fc.record({ first: fc.nat({ max: 60 }), rows: fc.nat({ max: 10 }) });
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const watermark = new Watermark();
      const came = new Set<number>();
      for (const { first, rows } of ranges) {
        const taken = watermark
          .take(BigInt(first), rows, 0)
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => first + from + i));
        const expected = Array.from({ length: rows }, (_, i) => first + i).filter(
          (number) => !came.has(number),
        );
        expect(taken).toEqual(expected);
        for (const number of expected) came.add(number);
      }
      const missing = watermark.gaps.flatMap(({ first, last }) =>
        Array.from({ length: Number(last - first) + 1 }, (_, i) => Number(first) + i),
      );
      const below = Array.from({ length: Number(watermark.next) }, (_, i) => i);
      expect(missing).toEqual(below.filter((number) => !came.has(number)));
    }),
    { numRuns: 500 },
  );
});
