import { expect, test } from '@jest/globals';
import { parseDocuments } from '../../api/index.ts';
import { selectProbes } from './selectProbes.ts';

function documents(...specs: string[]): string {
  return specs
    .map(
      (spec, index) =>
        `apiVersion: traceprobe.io/v1alpha1\nkind: TraceProbe\nmetadata: { name: p${index} }\nspec:\n  builtin: { name: processes }\n${spec}`,
    )
    .join('---\n');
}

test('a suspended probe does not run, and that is said', () => {
  const { selected, warnings } = selectProbes(parseDocuments(documents('', '  suspend: true\n'), 'two.yaml'));
  expect(selected.map(({ probe }) => probe.metadata.name)).toEqual(['p0']);
  expect(warnings).toEqual([{ message: 'two.yaml:12:12: probe p1 is suspended and does not run' }]);
});

test('a scope means nothing without Kubernetes, and that is said', () => {
  const { selected, warnings } = selectProbes(
    parseDocuments(documents('  scope: { host: Only }\n'), 'a.yaml'),
  );
  expect(selected).toHaveLength(1);
  expect(warnings[0]?.message).toMatch(/^a\.yaml:6:\d+: probe p0 selects by Kubernetes/);
});
