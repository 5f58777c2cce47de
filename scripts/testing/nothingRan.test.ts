import { expect, test } from '@jest/globals';
import { nothingRan } from './nothingRan.ts';
import { parseOptions } from './options.ts';
import type { Stage } from './stage.ts';

const kernels = ['host', '6.12'];
const empty: Stage = { name: 'unit', passed: 0, failed: 0, skipped: 0, failures: [], seconds: 1 };

test('a pattern that matches no test file is named', () => {
  expect(nothingRan([empty, empty], parseOptions(['bpfMapp'], kernels))).toMatch(
    "No test was run: no test file's path matches bpfMapp.",
  );
});

test('a name that no test has is told from tests that a kernel leaves out', () => {
  const skipped = { ...empty, skipped: 12 };
  expect(nothingRan([skipped], parseOptions(['-t', 'a mapp'], kernels))).toMatch('-t a mapp');
  expect(nothingRan([skipped], parseOptions(['bpfMap'], kernels))).toBeUndefined();
});

test('one test in any stage is something', () => {
  const passed = { ...empty, passed: 1 };
  expect(nothingRan([empty, passed], parseOptions(['bpfMap'], kernels))).toBeUndefined();
  expect(nothingRan([], parseOptions(['--kernel', '6.12'], kernels))).toMatch('there is none');
});
