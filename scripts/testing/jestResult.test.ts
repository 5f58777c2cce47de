import { expect, test } from '@jest/globals';
import { jestResult } from './jestResult.ts';

function json(...files: { name: string; status: string; tests: Record<string, string> }[]): string {
  const assertions = files.flatMap(({ tests }) => Object.values(tests));
  return JSON.stringify({
    numPassedTests: assertions.filter((status) => status === 'passed').length,
    numFailedTests: assertions.filter((status) => status === 'failed').length,
    numPendingTests: assertions.filter((status) => status === 'pending').length,
    testResults: files.map(({ name, status, tests }) => ({
      name,
      status,
      assertionResults: Object.entries(tests).map(([fullName, status]) => ({ fullName, status })),
    })),
  });
}

test('tests are counted and failed ones named with their file', () => {
  const tests = { 'a works': 'passed', 'b works': 'failed', 'c works': 'pending' };
  expect(
    jestResult(json({ name: '/repo/test/a.test.ts', status: 'failed', tests }), 'it ended', '/repo'),
  ).toEqual({
    passed: 1,
    failed: 1,
    skipped: 1,
    failures: ['test/a.test.ts: b works'],
  });
});

test('a file that could not be loaded is one failure', () => {
  const result = jestResult(
    json({ name: '/repo/a.test.ts', status: 'failed', tests: {} }),
    undefined,
    '/repo',
  );
  expect(result).toMatchObject({ failed: 1, failures: ['a.test.ts: did not run'] });
});

test('no result is one failure that says why', () => {
  expect(jestResult(undefined, 'the kernel panicked', '/repo')).toMatchObject({
    passed: 0,
    failed: 1,
    failures: ['no result: the kernel panicked'],
  });
});

test('a bad end after passed tests is one failure', () => {
  const passed = json({ name: '/repo/a.test.ts', status: 'passed', tests: { 'a works': 'passed' } });
  expect(jestResult(passed, undefined, '/repo')).toMatchObject({ passed: 1, failed: 0, failures: [] });
  expect(jestResult(passed, 'it ended with SIGSEGV', '/repo')).toMatchObject({
    passed: 1,
    failed: 1,
    failures: ['all tests passed, but it ended with SIGSEGV'],
  });
});
