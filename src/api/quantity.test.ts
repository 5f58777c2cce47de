import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareQuantities, isQuantity, quantityToInteger } from './quantity.ts';

test.each<[number | string, bigint]>([
  ['1Gi', 1_073_741_824n],
  ['1.5Ki', 1536n],
  ['500M', 500_000_000n],
  ['1k', 1000n],
  ['0', 0n],
  ['+5', 5n],
  ['.5k', 500n],
  ['5.', 5n],
  ['1e3', 1000n],
  ['1E3', 1000n],
  ['1E', 1_000_000_000_000_000_000n],
  ['12e-1', 2n],
  ['100m', 1n],
  ['1n', 1n],
  ['-1500m', -1n],
  [1024, 1024n],
])('%s is %i', (text, value) => {
  expect(quantityToInteger(text)).toBe(value);
});

test.each(['', '1 Gi', '1GiB', 'Gi', '1gi', '1K', '1e', '1e3k', '--1', '1.2.3', '0x10', 'lots', '1e9999'])(
  '%j is refused',
  (text) => {
    expect(isQuantity(text)).toBe(false);
    expect(() => quantityToInteger(text)).toThrow(`${JSON.stringify(text)} is no quantity: write a number`);
  },
);

test('quantities compare as their values do', () => {
  const suffixes: [string, bigint][] = [
    ['', 1n],
    ['k', 1000n],
    ['M', 1_000_000n],
    ['Ki', 1024n],
    ['Gi', 1n << 30n],
  ];
  const quantity = fc.tuple(fc.integer({ min: -2000, max: 2000 }), fc.constantFrom(...suffixes));
  fc.assert(
    fc.property(quantity, quantity, ([a, [aSuffix, aFactor]], [b, [bSuffix, bFactor]]) => {
      const difference = BigInt(a) * aFactor - BigInt(b) * bFactor;
      const sign = difference === 0n ? 0 : difference < 0n ? -1 : 1;
      expect(compareQuantities(`${a}${aSuffix}`, `${b}${bSuffix}`)).toBe(sign);
      expect(quantityToInteger(`${a}${aSuffix}`)).toBe(BigInt(a) * aFactor);
    }),
  );
});
