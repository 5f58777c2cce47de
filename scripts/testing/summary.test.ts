import { expect, test } from '@jest/globals';
import { summary } from './summary.ts';

test('every stage has its line, failures are named, and the last line is the sum', () => {
  const stages = [
    { name: 'unit', passed: 12, failed: 0, skipped: 0, failures: [], seconds: 3.4 },
    { name: 'kernel 6.12', passed: 3, failed: 1, skipped: 2, failures: ['a.test.ts: b'], seconds: 61.2 },
  ];
  expect(summary(stages)).toEqual([
    '',
    'Summary',
    '  unit         12 passed, 0 failed (3 s)',
    '  kernel 6.12  3 passed, 1 failed, 2 skipped (61 s)',
    '',
    'Failed',
    '  kernel 6.12: a.test.ts: b',
    '',
    '15 passed, 1 failed',
  ]);
});
