import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { boundedEdits, nearestNames } from './nearestNames.ts';

test('a slip of the fingers finds the name that was meant', () => {
  const names = ['vfs_link', 'vfs_unlink', 'vfs_rmdir', 'do_unlinkat'];
  expect(nearestNames('vfs_unlnik', names)[0]).toBe('vfs_unlink');
  expect(nearestNames('VFS_RMDIR', names)[0]).toBe('vfs_rmdir');
});

test('names that begin with what was written come before those that only contain it', () => {
  const names = ['my_open', 'do_open', 'openat', 'reopen_x'];
  expect(nearestNames('open', names, 1)).toEqual(['openat']);
  expect(nearestNames('open', names, 4)).toHaveLength(4);
});

test('a function that was renamed is found by its longest word, after those that are spelt alike', () => {
  const names = ['filename_unlinkat', 'io_unlinkat', 'do_mkdirat'];
  expect(nearestNames('do_unlinkat', names)).toEqual(['io_unlinkat', 'filename_unlinkat']);
});

test('nothing is offered for a word that is like none', () => {
  expect(nearestNames('frobnicate', ['openat', 'read', 'write'])).toEqual([]);
});

test('a name is offered once even if it is listed twice', () => {
  expect(nearestNames('opena', ['openat', 'openat'])).toEqual(['openat']);
});

/** Optimal string alignment distance by its definition. */
function edits(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const same = a.at(-1) === b.at(-1) ? 0 : 1;
  const shorter = [a.slice(0, -1), b.slice(0, -1)] as const;
  let best = Math.min(edits(shorter[0], b) + 1, edits(a, shorter[1]) + 1, edits(...shorter) + same);
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    best = Math.min(best, edits(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return best;
}

test('bounded edits are the distance, or more than the bound when that is', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, max) => {
      const exact = edits(a, b);
      const bounded = boundedEdits(a, b, max);
      expect(exact <= max ? bounded === exact : bounded > max).toBe(true);
    }),
  );
});
