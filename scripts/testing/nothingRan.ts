import { sum } from './summary.ts';
import type { TestOptions } from './options.ts';
import type { Stage } from './stage.ts';

/**
 * Why a run that was to run something has run no test, in words; undefined when it has, or when what it chose is left
 * out on these kernels for reasons of its own.
 */
export function nothingRan(stages: readonly Stage[], { jestArgs }: TestOptions): string | undefined {
  if (sum(stages, 'passed') + sum(stages, 'failed') > 0) return undefined;
  const chosen = jestArgs.join(' ');
  const leftOut = sum(stages, 'skipped');
  if (leftOut === 0) {
    return chosen === ''
      ? 'No test was run: there is none for this choice.'
      : `No test was run: no test file's path matches ${chosen}. Patterns are regular expressions of paths below the repository.`;
  }
  const byName = jestArgs.some((arg) => /^(-t\b|--testNamePattern)/.test(arg));
  return byName ? `No test was run: no test's name matches in ${chosen}.` : undefined;
}
