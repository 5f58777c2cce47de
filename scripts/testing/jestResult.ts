import { relative } from 'node:path';
import type { Stage } from './stage.ts';

/** What we read of the file that `jest --json --outputFile` writes. */
interface JestJson {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

export type Counts = Pick<Stage, 'passed' | 'failed' | 'skipped' | 'failures'>;

/**
 * Counts of a jest run. A test file that could not even be loaded counts as one failure, and so does a run that
 * wrote no result (`json` undefined) or ended badly although every test passed.
 */
export function jestResult(json: string | undefined, ending: string | undefined, root: string): Counts {
  if (json === undefined) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`no result: ${ending ?? 'jest wrote none'}`] };
  }
  const result = JSON.parse(json) as JestJson;
  const failures = result.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((each) => each.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}: did not run`];
    return failed.map(({ fullName }) => `${file}: ${fullName}`);
  });
  if (failures.length === 0 && ending !== undefined) failures.push(`all tests passed, but ${ending}`);
  return {
    passed: result.numPassedTests,
    failed: failures.length,
    skipped: result.numPendingTests,
    failures,
  };
}
