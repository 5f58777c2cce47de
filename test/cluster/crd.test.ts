import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseDocuments } from '../../src/api/manifest.ts';
import { refused, refusedChanges, refusedInDecoding } from '../manifests/refused.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import type { ApiResponse } from './controlPlane/apiRequest.ts';

const root = new URL('../../', import.meta.url);
const path = (name: string): string => new URL(name, root).pathname;
const manifest = (name: string): Promise<string> => readFile(path(`test/manifests/${name}.yaml`), 'utf8');
const manifestsIn = (folder: string): string[] =>
  readdirSync(path(folder))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${folder}/${file}`);

/** What the API server says where the file checker has other words. All others are worded alike. */
const wordedOtherwise: Record<string, RegExp> = {
  'api-version-other': /unknown field "spec"$/, // sent to the address of another version
  'kind-missing': /Object 'Kind' is missing/,
  'document-not-object': /cannot unmarshal array/,
  'duplicate-key': /line 9: key "suspend" already set in map$/, // kubectl itself takes the last of them in silence
  'metadata-name-not-string': /cannot unmarshal number into Go struct field ObjectMeta.name of type string$/,
};
/** The API server drops the namespace of an object that has none; in a file it is a mistake. */
const accepted = ['metadata-namespace'];
const bad = { ...refused, ...refusedInDecoding };
const wordedAlike = Object.keys(bad).filter((name) => !(name in wordedOtherwise) && !accepted.includes(name));
const collection = '/apis/traceprobe.io/v1alpha1/traceprobes';

interface Status {
  message: string;
  details?: { causes?: { field: string; message: string }[] };
}

/** The complaints of the API server as the file checker words them: one a field. */
function complaints(body: unknown): string[] {
  const { message, details } = body as Status;
  const byField = new Map<string, string>();
  for (const cause of details?.causes ?? []) {
    const followed = cause.field === '<nil>'; // "some validation rules were not checked"
    if (!followed && !byField.has(cause.field)) byField.set(cause.field, `${cause.field}: ${cause.message}`);
  }
  if (byField.size > 0) return [...byField.values()];
  return [message.replace(/^TraceProbe in version "v1alpha1" cannot be handled as a TraceProbe: /, '')];
}

describe.each(['1.34', '1.31'])('on Kubernetes %s', (version) => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ emulatedVersion: version });
    const { stderr } = await cluster.kubectl(['create', '-f', path('crds/traceprobes.yaml')]);
    expect(stderr).toBe('');
    const established = ['wait', '--for=condition=Established', 'crd/traceprobes.traceprobe.io'];
    expect(await cluster.kubectl(established)).toMatchObject({ code: 0 });
  });
  afterAll(() => cluster.close());

  async function apply(input: string): Promise<string> {
    const { stdout, stderr, code } = await cluster.kubectl(['apply', '-f', '-'], { input });
    return code === 0 ? stdout.trim() : stderr.trim();
  }

  test('the API server is one of this version', async () => {
    const { body } = await cluster.request({ method: 'GET', path: '/version' });
    expect(body).toMatchObject({ emulationMajor: '1', emulationMinor: version.split('.')[1] });
  });

  test('the definition has nothing to complain of', async () => {
    const { stdout } = await cluster.kubectl(['get', 'crd', 'traceprobes.traceprobe.io', '-o', 'json']);
    const { status } = JSON.parse(stdout) as { status: { conditions: { type: string; status: string }[] } };
    expect(status.conditions.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
      'Established=True',
      'NamesAccepted=True',
    ]);
  });

  test('every good manifest is stored as the file checker reads it, with the same defaults', async () => {
    const files = [...manifestsIn('examples'), ...manifestsIn('test/manifests/good')];
    const applied = await cluster.kubectl(['apply', ...files.flatMap((file) => ['-f', path(file)])]);
    expect(applied).toMatchObject({ stderr: '', code: 0 });
    for (const file of files) {
      for (const { probe } of parseDocuments(await readFile(path(file), 'utf8'), file)) {
        const { body } = await cluster.request({
          method: 'GET',
          path: `${collection}/${probe.metadata.name}`,
        });
        expect(body).toMatchObject({ metadata: { generation: 1 } });
        expect((body as typeof probe).spec).toEqual(probe.spec);
        expect(body).not.toHaveProperty('status');
      }
    }
  });

  async function submit(name: string): Promise<ApiResponse> {
    return cluster.request({
      method: 'POST',
      path: `${collection}?fieldValidation=Strict&dryRun=All`,
      contentType: 'application/yaml',
      body: await manifest(`bad/${name}`),
    });
  }

  test.each(wordedAlike)('bad/%s.yaml is refused in the words of the file checker', async (name) => {
    expect(complaints((await submit(name)).body)).toEqual([bad[name]?.message]);
  });

  test.each(Object.entries(wordedOtherwise))('bad/%s.yaml is refused in other words', async (name, words) => {
    expect((await submit(name)).body).toMatchObject({
      status: 'Failure',
      message: expect.stringMatching(words),
    });
  });

  test.each(accepted)('bad/%s.yaml is accepted', async (name) => {
    expect(await submit(name)).toMatchObject({ status: 201 });
  });

  test('kubectl shows these words', async () => {
    for (const name of ['attach-other-syntax', 'spec-unknown-field', 'attach-missing'])
      expect(await apply(await manifest(`bad/${name}`))).toContain(bad[name]?.message);
  });

  test.each(refusedChanges)('$before may not become $after', async ({ before, after, message }) => {
    expect(await apply(await manifest(`changed/${before}`))).toMatch(/created$/);
    expect(await apply(await manifest(`changed/${after}`))).toContain(message);
    expect(await apply(await manifest(`changed/${before}`))).toMatch(/unchanged$/);
  });

  test('two managers may each apply a point of their own, and take it away again', async () => {
    const probe = (...points: { name: string; attach: string }[]): string => {
      const metadata = { name: 'shared' };
      return JSON.stringify({
        apiVersion: 'traceprobe.io/v1alpha1',
        kind: 'TraceProbe',
        metadata,
        spec: { points },
      });
    };
    const applyAs = async (manager: string, input: string): Promise<void> => {
      const args = ['apply', '--server-side', '--field-manager', manager, '-f', '-'];
      expect(await cluster.kubectl(args, { input })).toMatchObject({ stderr: '', code: 0 });
    };
    const names = async (): Promise<string> => {
      const args = ['get', 'traceprobe', 'shared', '-o', 'jsonpath={.spec.points[*].name}'];
      return (await cluster.kubectl(args)).stdout;
    };
    const [open, close] = [
      { name: 'open', attach: 'syscall/openat' },
      { name: 'close', attach: 'syscall/close' },
    ];
    await applyAs('one', probe(open));
    await applyAs('two', probe(close));
    expect(await names()).toBe('open close');
    await applyAs('one', probe(open, { name: 'read', attach: 'syscall/read' }));
    await applyAs('two', probe(close));
    expect((await names()).split(' ').sort()).toEqual(['close', 'open', 'read']);
    await applyAs('one', probe(open));
    expect((await names()).split(' ').sort()).toEqual(['close', 'open']);
  });

  test('status is written apart from spec, and both show in columns', async () => {
    const name = 'hello';
    const now = new Date().toISOString();
    const condition = (type: string, status: string, reason: string): object => {
      return { type, status, reason, message: '', lastTransitionTime: now };
    };
    const status = {
      observedGeneration: 1,
      expirationTime: new Date(Date.now() + 3_600_000).toISOString(),
      conditions: [condition('Ready', 'True', 'Running'), condition('LosingEvents', 'True', 'RingFull')],
      nodes: { desired: 5, running: 3, failed: 2, unsupported: 0, unreachable: 0 },
    };
    const patch = (path: string, body: object): Promise<ApiResponse> => {
      return cluster.request({
        method: 'PATCH',
        path: `${collection}/${name}${path}`,
        contentType: 'application/merge-patch+json',
        body: JSON.stringify(body),
      });
    };
    await apply(await readFile(path('examples/hello.yaml'), 'utf8'));
    expect((await patch('', { status })).body).not.toHaveProperty('status');
    const written = await patch('/status', { status, spec: { suspend: true } });
    expect(written.body).toMatchObject({ metadata: { generation: 1 }, spec: { suspend: false }, status });
    expect((await patch('', { spec: { suspend: true } })).body).toMatchObject({
      metadata: { generation: 2 },
    });

    const table = async (...args: string[]): Promise<string[][]> => {
      const { stdout } = await cluster.kubectl(['get', 'tp', name, ...args]);
      return stdout.split('\n').map((line) => line.split(/\s+/));
    };
    const columns = ['NAME', 'READY', 'REASON', 'NODES', 'RUNNING', 'FAILED'];
    const [header, row] = await table();
    expect(header).toEqual([...columns, 'AGE']);
    expect(row?.slice(0, -1)).toEqual([name, 'True', 'Running', '5', '3', '2']);
    const [wideHeader, wideRow] = await table('-o', 'wide');
    expect(wideHeader).toEqual([...columns, 'LOSING', 'EXPIRES', 'AGE']);
    expect(wideRow?.slice(6, -1)).toEqual(['True', status.expirationTime]);
  });

  test('a status is refused that is longer than people read', async () => {
    await apply(await readFile(path('examples/execve.yaml'), 'utf8'));
    const group = { reason: 'SymbolNotFound', message: 'no', count: 1, nodes: ['a'] };
    const refusedBody = async (failures: object[]): Promise<string[]> => {
      const { body } = await cluster.request({
        method: 'PATCH',
        path: `${collection}/execve/status`,
        contentType: 'application/merge-patch+json',
        body: JSON.stringify({ status: { failures } }),
      });
      return complaints(body);
    };
    expect(await refusedBody(Array<object>(11).fill(group))).toEqual([
      'status.failures: Too many: 11: must have at most 10 items',
    ]);
    expect(await refusedBody([{ ...group, message: 'x'.repeat(1025) }])).toEqual([
      'status.failures[0].message: Too long: may not be more than 1024 bytes',
    ]);
  });

  test('kubectl explain describes every field', async () => {
    const { body } = await cluster.request({
      method: 'GET',
      path: '/openapi/v3/apis/traceprobe.io/v1alpha1',
    });
    const { schemas } = (body as { components: { schemas: Record<string, Schema> } }).components;
    const schema = schemas['io.traceprobe.v1alpha1.TraceProbe'];
    expect(undescribed(schema?.properties?.['spec'] ?? {}, 'spec')).toEqual([]);
    expect(undescribed(schema?.properties?.['status'] ?? {}, 'status')).toEqual([]);
    const { stdout } = await cluster.kubectl(['explain', 'traceprobe.spec.points.attach']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      "syscall/NAME pairs a system call's entry and exit (args, retval, duration)",
    );
    const recursive = await cluster.kubectl(['explain', 'tp', '--recursive']);
    for (const field of ['delayedUnlink', 'namespaceSelector', 'cpuPercentPerNode', 'failures'])
      expect(recursive.stdout).toContain(field);
  });
});

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

/** Paths of what has no description. */
function undescribed(schema: Schema, path: string): string[] {
  return [
    ...(schema.description ? [] : [path]),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
      undescribed(child, `${path}.${key}`),
    ),
    ...(schema.items ? undescribed(schema.items, `${path}[]`) : []),
    ...(schema.additionalProperties ? undescribed(schema.additionalProperties, `${path}.*`) : []),
  ];
}
