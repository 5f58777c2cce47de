import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseDocuments, parseFiles } from './manifest.ts';
import { ManifestError } from './manifestError.ts';

const probe = (name: string, spec = 'builtin: { name: processes }'): string =>
  `apiVersion: traceprobe.io/v1alpha1\nkind: TraceProbe\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;

const namesIn = (content: string): string[] =>
  parseDocuments(content, 'a.yaml').map((manifest) => manifest.probe.metadata.name);

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const refusalOf = (content: string): string => messageOf(() => parseDocuments(content, 'a.yaml'));

test('a file may hold several documents, and empty ones', () => {
  expect(namesIn(`# nothing yet\n---\n${probe('one')}---\n---\n${probe('two')}...\n`)).toEqual([
    'one',
    'two',
  ]);
  expect(namesIn('')).toEqual([]);
});

test('a list is read as its items, with what the API server has set in them', () => {
  const item = (name: string, spec: string): string => `- apiVersion: traceprobe.io/v1alpha1
  kind: TraceProbe
  metadata:
    creationTimestamp: "2026-11-21T12:14:57Z"
    generation: 3
    name: ${name}
    resourceVersion: "4711"
    uid: 0b8c
  spec: { ${spec} }
  status: { observedGeneration: 3 }
`;
  const list = (kind: string, items: string): string =>
    `${kind}\nmetadata: { resourceVersion: "" }\nitems:${items}`;
  const v1 = 'apiVersion: v1\nkind: List';
  const processes = 'builtin: { name: processes }';
  expect(namesIn(list(v1, `\n${item('one', processes)}${item('two', processes)}`))).toEqual(['one', 'two']);
  const raw = 'apiVersion: traceprobe.io/v1alpha1\nkind: TraceProbeList';
  expect(namesIn(`${list(raw, `\n${item('three', processes)}`)}---\n${probe('four')}`)).toEqual([
    'three',
    'four',
  ]);
  expect(namesIn(list(v1, ' []'))).toEqual([]);
  expect(refusalOf(list(v1, `\n${item('one', processes)}${item('two', 'builtin: { name: x }')}`))).toMatch(
    'a.yaml:23:28: spec.builtin.name: Unsupported value: "x"',
  );
  expect(refusalOf(list(v1, ' 7'))).toMatch('a.yaml:4:8: items: Invalid value: "number"');
  expect(refusalOf(list(v1, '\n- { apiVersion: v1, kind: Pod }'))).toMatch('must be TraceProbe');
});

test('JSON is read too, indented by tabs and with a byte order mark', () => {
  const object = {
    apiVersion: 'traceprobe.io/v1alpha1',
    kind: 'TraceProbe',
    metadata: { name: 'json' },
    spec: { builtin: { name: 'processes' } },
  };
  expect(namesIn(`\u{feff}${JSON.stringify(object, null, '\t')}`)).toEqual(['json']);
});

test('anchors, aliases and merge keys are followed, and refusals point to where an alias is used', () => {
  const points = 'points: [{ &a name: a, <<: &b { attach: syscall/openat } }, { name: b, <<: *b }]';
  expect(parseDocuments(probe('merged', points), 'a.yaml')[0]?.probe.spec.points).toEqual([
    { name: 'a', attach: 'syscall/openat' },
    { name: 'b', attach: 'syscall/openat' },
  ]);
  expect(
    refusalOf(probe('alias', 'points: &x [], scope: { namespaces: *x }, builtin: { name: processes }')),
  ).toContain('a.yaml:4:33: spec.scope.namespaces');
});

test('yes and no are booleans and a date is a string, as for kubectl', () => {
  const spec = 'builtin: { name: processes }, suspend: yes, scope: { namespaces: [2026-01-02] }';
  expect(parseDocuments(probe('a', spec), 'a.yaml')[0]?.probe.spec).toMatchObject({
    suspend: true,
    scope: { namespaces: ['2026-01-02'] },
  });
});

test('a refusal says file, line, column, path and value', () => {
  expect(refusalOf(`---\n${probe('first')}---\n${probe('second', 'builtin: { name: process }')}`)).toContain(
    'a.yaml:10:26: spec.builtin.name: Unsupported value: "process": supported values: "processes"',
  );
});

test('all documents are checked and refusals come in the order of the file', () => {
  const messages = refusalOf(`${probe('a', 'suspend: 1, expireAfter: 2')}---\n${probe('b', '')}`).split('\n');
  expect(messages.map((message) => message.slice(0, 30))).toEqual([
    'a.yaml:4:18: spec.suspend: Inv',
    'a.yaml:4:34: spec.expireAfter:',
    'a.yaml:9:1: spec: Invalid valu',
    'some rules were not checked be',
  ]);
});

test('a misspelt key comes with the nearest name', () => {
  expect(refusalOf(probe('a', 'scop: {}'))).toContain(
    'a.yaml:4:9: strict decoding error: unknown field "spec.scop" (did you mean "scope"?)',
  );
});

test('a repeated key is refused where it is repeated', () => {
  expect(refusalOf(probe('a', 'points: [{ name: a, name: b, attach: syscall/openat }]'))).toContain(
    'a.yaml:4:29: strict decoding error: duplicate field "spec.points[0].name"',
  );
});

test('a syntax error is refused at its place, and further documents are still read', () => {
  const message = refusalOf(`spec: {\n---\n${probe('b', 'suspend: 1')}`);
  expect(message).toMatch(/^a\.yaml:2:1: YAML: /);
  expect(message).toContain('a.yaml:6:18: spec.suspend');
});

test('control characters never reach the message raw', () => {
  const message = refusalOf(
    `${probe('a', '"\\e[31m": 1')}---\n${probe('b', 'builtin: { name: "\\e[31m\\0\\x7f\\u200b" }')}`,
  );
  expect(message).not.toMatch(/[^\P{C}\n]/u);
  expect(message).toContain('"\\x1b[31m\\x00\\x7f\\u200b"');
});

test.each([
  ['nested a hundred thousand deep', '['.repeat(100_000)],
  [
    'of aliases that grow without end',
    ['a: &a [x]', ...Array.from({ length: 30 }, (_, n) => `${n}: &a [*a, *a]`)].join('\n'),
  ],
  [
    'with a label named __proto__',
    probe('a', '').replace('{ name: a }', '{ name: a, labels: { __proto__: x } }'),
  ],
  ['with a key that is a list', '[a]: b'],
  ['with an undefined alias', 'a: *b'],
  ['with an unknown tag', '!!js/function a'],
  ['that is a string', 'processes'],
])('a document %s is refused in words', (_, content) => {
  expect(refusalOf(content)).toMatch(/^a\.yaml:\d+:\d+: /);
});

test('a filter can be pointed into', () => {
  const [manifest] = parseDocuments(
    probe('a', `points: [{ name: a, attach: syscall/openat, filter: 'comm == "it''s" && retvl < 0' }]`),
    'a.yaml',
  );
  const path = ['spec', 'points', 0, 'filter'];
  const filter = manifest?.probe.spec.points?.[0]?.filter ?? '';
  expect(manifest?.locate(path, filter.indexOf('retvl'))).toEqual({ source: 'a.yaml', line: 4, column: 81 });
});

test('files are read in order, and what is wrong with any of them is told at once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'manifest-'));
  try {
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(directory, name), content);
      return join(directory, name);
    };
    const one = await file('one.yaml', probe('one'));
    const two = await file('two.json', probe('two'));
    const standardInput = (): Promise<string> => Promise.resolve(probe('three'));
    const manifests = await parseFiles([one, '-', two], standardInput);
    expect(manifests.map((manifest) => manifest.probe.metadata.name)).toEqual(['one', 'three', 'two']);

    const bad = await file('bad.yaml', probe('bad', 'suspend: 1'));
    const again = await file('again.yaml', probe('one'));
    const error = await parseFiles([one, bad, again], standardInput).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ManifestError);
    expect((error as ManifestError).message).toContain(`${bad}:4:18: spec.suspend`);
    expect((error as ManifestError).message).toContain(
      `${again}:3:19: metadata.name: Duplicate value: "one" (also at ${one}:3:19)`,
    );
    await expect(parseFiles([join(directory, 'none.yaml')])).rejects.toThrow('ENOENT');
  } finally {
    await rm(directory, { recursive: true });
  }
});
