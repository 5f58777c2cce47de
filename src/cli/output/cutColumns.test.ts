import { expect, test } from '@jest/globals';
import { cutColumns } from './cutColumns.ts';
import { testPoint } from './testRow.ts';

const point = {
  ...testPoint,
  columns: ['from', 'to', 'data', 'size'].map((name, field) => ({
    name,
    type: 'String' as const,
    field,
    visible: true,
  })),
  maxBytes: new Map([
    ['from', 8],
    ['to', 64],
    ['data', 4],
  ]),
};
const fields = { from: 'äöüx', to: 'longer than the others', data: null, size: 99 };

test('as many columns as were cut: those that fill most of what they may have', () => {
  expect(cutColumns(point, { truncated: 1, fields })).toEqual(new Set(['from']));
  expect(cutColumns(point, { truncated: 2, fields })).toEqual(new Set(['from', 'to']));
  expect(cutColumns(point, { truncated: 1, fields: { ...fields, data: Uint8Array.of(1, 2, 3, 4) } })).toEqual(
    new Set(['data']),
  );
});

test('no column of an event with whole values', () => {
  expect(cutColumns(point, { truncated: 0, fields })).toEqual(new Set());
});
