import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bitFieldLoad } from './valuePlan.ts';

/** As load_value() in bpf/include/capture.h takes bits out of a loaded word. */
function asProgram(
  memory: DataView,
  [offset, size, { shift, bits, signed }]: ReturnType<typeof bitFieldLoad>,
): bigint {
  let word = 0n;
  for (let byte = 0; byte < size; byte++) word |= BigInt(memory.getUint8(offset + byte)) << BigInt(8 * byte);
  const shifted = BigInt.asUintN(64, word << BigInt(64 - bits - shift));
  return signed ? BigInt.asIntN(64, shifted) >> BigInt(64 - bits) : shifted >> BigInt(64 - bits);
}

/** Bit by bit: bit 0 of byte 0 is the first, as little-endian C compilers lay bit-fields out. */
function plainly(memory: DataView, bitOffset: number, bits: number, signed: boolean): bigint {
  let value = 0n;
  for (let bit = 0; bit < bits; bit++) {
    const at = bitOffset + bit;
    if (((memory.getUint8(Math.floor(at / 8)) >> (at % 8)) & 1) === 1) value |= 1n << BigInt(bit);
  }
  return signed ? BigInt.asIntN(bits, value) : value;
}

/** A C bit-field lies within one unit of its type: 1, 2, 4 or 8 bytes, aligned. */
const bitField = fc.constantFrom(1, 2, 4, 8).chain((unit) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 32 / unit - 1 }).map((number) => number * unit * 8),
      fc.integer({ min: 0, max: unit * 8 - 1 }),
      fc.integer({ min: 1, max: unit * 8 }),
    )
    .map(([start, shift, bits]) => ({ bitOffset: start + shift, bits: Math.min(bits, unit * 8 - shift) })),
);

test('a bit-field is loaded as the number that its bits are', () => {
  fc.assert(
    fc.property(
      bitField,
      fc.boolean(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (field, signed, bytes) => {
        const memory = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const load = bitFieldLoad(field.bitOffset, field.bits, signed);
        expect(asProgram(memory, load)).toBe(plainly(memory, field.bitOffset, field.bits, signed));
      },
    ),
  );
});

test('a bit-field is loaded without reading behind the unit that holds it', () => {
  fc.assert(
    fc.property(bitField, ({ bitOffset, bits }) => {
      const [offset, size] = bitFieldLoad(bitOffset, bits, false);
      expect(offset).toBeLessThanOrEqual(Math.floor(bitOffset / 8));
      expect(offset + size).toBeLessThanOrEqual(32);
    }),
  );
});
