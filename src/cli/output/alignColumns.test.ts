import { expect, test } from '@jest/globals';
import { alignColumns } from './alignColumns.ts';

test('cells begin below each other, numbers end so, and lines have no blanks at their end', () => {
  const rows = [
    ['NAME', 'N', 'NOTE'],
    ['日本', '100', ''],
  ];
  expect(alignColumns(rows, { indent: 2, right: [1] })).toEqual(['  NAME    N  NOTE', '  日本  100']);
});
