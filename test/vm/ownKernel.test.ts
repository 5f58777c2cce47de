import { expect, test } from '@jest/globals';
import { imageRelease } from './ownKernel.ts';

test("a bzImage's release is read from its header", () => {
  const image = Buffer.alloc(0x1000);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(0x400, 0x20e);
  image.write('6.1.192 (root@builder) #1 SMP\0', 0x600, 'latin1');
  expect(imageRelease(image)).toBe('6.1.192');
});

test('anything else is refused', () => {
  expect(() => imageRelease(Buffer.alloc(0x1000))).toThrow('not a Linux bzImage');
});
