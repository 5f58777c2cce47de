import { expect, test } from '@jest/globals';
import { isLoopback } from './isLoopback.ts';

test.each(['127.0.0.1:7443', '127.1.2.3:1', 'localhost:7443', '[::1]:7443'])('%s is', (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each(['10.0.0.1:7443', '127.evil.example:7443', 'localhost.example:1', '[::2]:1', '127.0.0.1', ''])(
  '%s is not',
  (address) => {
    expect(isLoopback(address)).toBe(false);
  },
);
