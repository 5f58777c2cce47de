import { expect, test } from '@jest/globals';
import { missingPackages } from './packages.js';

test('a package is missing that dpkg does not know, has removed or only half configured', () => {
  const statuses = ['clang ii ', 'make rc ', 'g++ iF ', 'zlib1g-dev ii ', ''].join('\n');
  expect(missingPackages(['clang', 'make', 'g++', 'zlib1g-dev', 'python3'], statuses)).toEqual([
    'make',
    'g++',
    'python3',
  ]);
});

test('a package on hold is there', () => {
  expect(missingPackages(['clang'], 'clang hi \n')).toEqual([]);
});
