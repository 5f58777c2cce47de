import type { Stage } from './stage.ts';

/** Lines that tell what came of every stage, what failed, and last the sum as `N passed, N failed`. */
export function summary(stages: readonly Stage[]): string[] {
  const width = Math.max(...stages.map(({ name }) => name.length));
  const lines = stages.map(({ name, passed, failed, skipped, seconds }) => {
    const counts = [`${passed} passed`, `${failed} failed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])];
    return `  ${name.padEnd(width)}  ${counts.join(', ')} (${Math.round(seconds)} s)`;
  });
  const failures = stages.flatMap(({ name, failures }) => failures.map((failure) => `  ${name}: ${failure}`));
  return [
    ...['', 'Summary', ...lines],
    ...(failures.length > 0 ? ['', 'Failed', ...failures] : []),
    '',
    `${sum(stages, 'passed')} passed, ${sum(stages, 'failed')} failed`,
  ];
}

export function sum(stages: readonly Stage[], count: 'passed' | 'failed' | 'skipped'): number {
  return stages.reduce((total, stage) => total + stage[count], 0);
}
