import { expect, test } from '@jest/globals';
import { Crc64 } from './crc64.ts';

test('the check value of CRC-64/ECMA-182', () => {
  expect(new Crc64().update(Buffer.from('123456789')).value).toBe(0x6c40_df5f_0b49_7347n);
});

test('pieces and the whole have the same sum', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256));
  const pieces = new Crc64().update(bytes.subarray(0, 1)).update(bytes.subarray(1, 500));
  expect(pieces.value).not.toBe(new Crc64().update(bytes).value);
  expect(pieces.update(bytes.subarray(500)).value).toBe(new Crc64().update(bytes).value);
});
