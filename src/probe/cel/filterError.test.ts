import { expect, test } from '@jest/globals';
import { FilterError } from './filterError.ts';

test('shows where the filter was written, its line, a caret below what is wrong, and what to do', () => {
  const text = 'retval < 0 && comn == "sh"';
  const error = new FilterError(
    'there is no comn here',
    { text, name: '--filter' },
    { start: 14, end: 18 },
    'did you mean comm?',
  );
  expect(error.message).toBe(
    [
      '--filter, column 15: there is no comn here',
      '  retval < 0 && comn == "sh"',
      '                ^^^^',
      '  did you mean comm?',
    ].join('\n'),
  );
  expect(error).toMatchObject({ line: 1, column: 15, length: 4, summary: 'there is no comn here' });
});

test('counts lines, and keeps a tab before the caret', () => {
  const text = 'retval < 0\n\t&& comn == "sh"';
  const error = new FilterError('there is no comn here', { text }, { start: 15, end: 19 });
  expect(error.message).toBe(
    ['filter, line 2, column 5: there is no comn here', '  \t&& comn == "sh"', '  \t   ^^^^'].join('\n'),
  );
});

test('marks only the first line of what is wrong on several', () => {
  const error = new FilterError('no condition', { text: 'a +\nb' }, { start: 0, end: 5 });
  expect(error).toMatchObject({ line: 1, column: 1, length: 3 });
});

test('marks one character behind the end where something is missing', () => {
  const error = new FilterError('a value is missing', { text: 'a ==' }, { start: 4, end: 4 });
  expect(error).toMatchObject({ column: 5, length: 1 });
});
