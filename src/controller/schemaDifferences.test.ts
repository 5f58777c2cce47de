import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { traceProbeSchema } from '../api/gen/schema.ts';
import { schemaDifferences, type LiveSchema } from './schemaDifferences.ts';

/** Of the CustomResourceDefinition in this repository, with its descriptions. */
async function live(): Promise<LiveSchema> {
  const text = await readFile(new URL('../../crds/traceprobes.yaml', import.meta.url), 'utf8');
  const { spec } = parse(text) as { spec: { versions: { schema: { openAPIV3Schema: LiveSchema } }[] } };
  return spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

test('the schema of this version does not differ, whatever it is described as', async () => {
  expect(schemaDifferences(traceProbeSchema, await live())).toEqual([]);
});

test('what an older or a newer one has otherwise is named', async () => {
  const schema = await live();
  const spec = schema.properties?.['spec']?.properties ?? {};
  delete spec['rollout'];
  spec['colour'] = { type: 'string' };
  Object.assign(spec['points'] ?? {}, { maxItems: 8 });
  const point = spec['points']?.items?.properties ?? {};
  delete point['filter'];
  expect(schemaDifferences(traceProbeSchema, schema)).toEqual([
    ...['spec.points has another maxItems', 'spec.points[].filter is missing'],
    ...['spec.rollout is missing', 'spec.colour is not known here'],
  ]);
});
