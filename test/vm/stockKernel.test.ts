import { expect, test } from '@jest/globals';
import { chooseRelease } from './stockKernel.ts';

const names = [
  'linux-image-6.12.9+deb12-amd64',
  'linux-image-6.12.90+deb12.1-amd64',
  'linux-image-6.12.90+deb12-amd64',
  'linux-image-6.12.95+deb12-rt-amd64',
  'linux-image-6.12.95+deb12-cloud-amd64',
  'linux-image-6.12.95+deb12-amd64-unsigned',
  'linux-image-6.13.1+deb12-amd64',
  'linux-image-amd64',
];

test('the newest release of the series is chosen, by numbers and without variants', () => {
  expect(chooseRelease(names, 'linux-image-', '6.12')).toBe('6.12.90+deb12.1-amd64');
});

test('a series that is gone is replaced by the newest there is', () => {
  expect(chooseRelease(names, 'linux-image-', '6.11')).toBe('6.13.1+deb12-amd64');
  expect(chooseRelease([], 'linux-image-', '6.12')).toBeUndefined();
});
