import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { refused, refusedChanges, refusedInDecoding } from '../../test/manifests/refused.ts';
import { checkTraceProbe } from './checkTraceProbe.ts';
import { celReservedWords, reservedNames } from './eventFields.ts';
import { traceProbeSchema } from './gen/schema.ts';
import type { TraceProbe } from './gen/traceProbe.ts';
import { parseDocuments } from './manifest.ts';
import { ManifestError } from './manifestError.ts';
import type { StructuralSchema } from './structuralSchema.ts';

const directory = new URL('../../test/manifests/', import.meta.url);
const bad = { ...refused, ...refusedInDecoding };
const names = async (folder: string): Promise<string[]> => {
  return (await readdir(new URL(folder, directory))).map((file) => file.replace(/\.yaml$/, '')).sort();
};
const goodNames = await names('good');

test('the table of refusals has exactly the manifests in bad/', async () => {
  expect(Object.keys(bad).sort()).toEqual(await names('bad'));
});

test.each(Object.entries(bad))('bad/%s.yaml is refused for its one fault', async (name, { at, message }) => {
  const error = await refusalOf(`bad/${name}.yaml`);
  expect(error.refusals.map((refusal) => refusal.message)).toEqual([message]);
  expect(error.message.split('\n')[0]).toContain(`bad/${name}.yaml:${at}: ${message}`);
});

test.each(goodNames)('good/%s.yaml is accepted', async (name) => {
  const [manifest, ...more] = await parse(`good/${name}.yaml`);
  expect(manifest?.probe.metadata.name.length).toBeGreaterThan(0);
  expect(more).toEqual([]);
});

test.each(refusedChanges)('$before may not become $after', async ({ before, after, message }) => {
  const [old] = await parse(`changed/${before}.yaml`);
  const [changed] = await parse(`changed/${after}.yaml`);
  expect(checkTraceProbe(changed?.probe, old?.probe).refusals).toMatchObject([{ message }]);
  expect(checkTraceProbe(old?.probe, old?.probe).refusals).toBeUndefined();
});

test('every constraint of the CRD refuses a manifest of the table', () => {
  // The three label selectors are one schema.
  const general = (text: string): string =>
    text.replaceAll(/\[\d+\]/g, '[]').replaceAll(/\w+Selector\./g, 'selector.');
  const covered = Object.values(refused).map(({ message }) => general(message));
  const missing = constraints(traceProbeSchema.properties?.['spec'] ?? {}, 'spec').filter(
    ({ path, words }) => {
      return !covered.some((message) => message.startsWith(`${general(path)}: `) && message.includes(words));
    },
  );
  expect(missing).toEqual([]);
});

test('names that a capture cannot have are those of every event and of CEL', () => {
  const point = traceProbeSchema.properties?.['spec']?.properties?.['points']?.items;
  const rules = point?.properties?.['capture']?.items?.['x-kubernetes-validations'] ?? [];
  const lists = rules.map(({ rule }) => [...rule.matchAll(/'(\w+)'/g)].map(([, name]) => name));
  expect(lists[0]).toEqual(reservedNames);
  expect(lists[1]).toEqual(celReservedWords);
});

test('defaults are filled in, down to those of defaults', async () => {
  const [unlink] = await parse('good/delayed-unlink-minimal.yaml');
  expect(unlink?.probe.spec).toEqual({
    delayedUnlink: {
      paths: ['/var/log/containers/*.log'],
      until: { maxDelay: '60s' },
      limits: { maxHeldBytes: '1Gi', maxHeldFiles: 10000, minFreeDiskPercent: 10 },
      mode: 'Auto',
    },
    rollout: { strategy: 'Auto' },
    limits: { eventsPerSecondPerNode: 10000, cpuPercentPerNode: 5 },
    retention: { maxAge: '24h', maxBytes: '1Gi' },
    suspend: false,
  });
});

test('null counts as left out', async () => {
  const [probe] = await parse('good/nulls-are-left-out.yaml');
  expect(Object.keys(probe?.probe.spec ?? {})).not.toContain('points');
  expect(probe?.probe.spec.retention.maxAge).toBe('24h');
});

test('a status is dropped, as on creation', async () => {
  const [manifest] = await parse('good/with-status.yaml');
  expect(manifest?.probe).not.toHaveProperty('status');
});

test('a blocking refusal says that there may be more, a complete check does not', async () => {
  expect((await refusalOf('bad/attach-missing.yaml')).message).toContain('some rules were not checked');
  expect((await refusalOf('bad/attach-no-target.yaml')).message).not.toContain('some rules were not checked');
});

test('the given object is left as it was', () => {
  const object = {
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name: 'a' },
    spec: { builtin: { name: 'processes' } },
  };
  const before = structuredClone(object);
  const probe: TraceProbe | undefined = checkTraceProbe(object).probe;
  expect(probe?.spec.suspend).toBe(false);
  expect(object).toEqual(before);
});

async function parse(path: string): Promise<ReturnType<typeof parseDocuments>> {
  return parseDocuments(await readFile(new URL(path, directory), 'utf8'), path);
}

async function refusalOf(path: string): Promise<ManifestError> {
  const error: unknown = await parse(path).then(
    () => new Error(`${path} was accepted`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ManifestError)) throw error;
  return error;
}

interface Constraint {
  path: string;
  /** Part of the message that only this constraint has. */
  words: string;
}

function constraints(schema: StructuralSchema, path: string): Constraint[] {
  const own: [unknown, string][] = [
    [schema.pattern, `should match '${schema.pattern ?? ''}'`],
    [schema.minLength, 'chars long'],
    [schema.maxLength, 'Too long'],
    [schema.minimum, `greater than or equal to ${schema.minimum ?? ''}`],
    [schema.maximum, `less than or equal to ${schema.maximum ?? ''}`],
    [schema.minItems, `should have at least ${schema.minItems ?? ''} items`],
    [schema.maxItems ?? schema.maxProperties, 'Too many'],
    [schema.enum, 'Unsupported value'],
  ];
  const repeated = ['set', 'map'].includes(schema['x-kubernetes-list-type'] ?? '');
  const rules = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => !rule.includes('oldSelf'));
  return [
    ...own.filter(([value]) => value !== undefined).map(([, words]) => ({ path, words })),
    ...(schema.required ?? []).map((key) => ({ path: `${path}.${key}`, words: 'Required value' })),
    ...(repeated ? [{ path: `${path}[]`, words: 'Duplicate value' }] : []),
    ...rules.map(({ fieldPath = '', message = '', messageExpression }) => ({
      path: path + fieldPath,
      words: messageExpression === undefined ? message : longestLiteral(messageExpression),
    })),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
      constraints(child, `${path}.${key}`),
    ),
    ...(schema.additionalProperties ? constraints(schema.additionalProperties, `${path}.gpu`) : []),
    ...(schema.items ? constraints(schema.items, `${path}[]`) : []),
  ];
}

function longestLiteral(expression: string): string {
  const literals = [...expression.matchAll(/'([^']*)'/g)].map(([, literal = '']) => literal);
  return literals.reduce((longest, literal) => (literal.length > longest.length ? literal : longest), '');
}
