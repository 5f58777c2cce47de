import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { testPoint, testRow } from './testRow.ts';
import { YamlDocuments } from './yamlDocuments.ts';

test('each event is a document that reads back as what was captured', () => {
  const filename = 'no: "x"\n\x1b[2J # {yes}';
  const rows = [testRow({ fields: { filename, mode: 0, retval: null } }), testRow()];
  const text = new YamlDocuments('n').rows(testPoint, rows);
  const documents = parseAllDocuments(text) as { toJS: () => unknown }[];
  expect(documents).toHaveLength(2);
  expect(documents[0]?.toJS()).toMatchObject({ pid: 42, comm: 'cat', filename, mode: 'READ', retval: null });
});

test('nothing that a terminal obeys is in it', () => {
  const text = new YamlDocuments('n').rows(testPoint, [testRow({ fields: { filename: '\x1b\x9b' } })]);
  expect(text).toContain('filename: "\\u001b\\u009b"');
});

test('a field whose name YAML 1.1 takes for a boolean is quoted', () => {
  const columns = [{ name: 'no', type: 'Int64' as const, field: 0, visible: true }];
  const text = new YamlDocuments('n').rows({ ...testPoint, columns }, [testRow({ fields: { no: 1 } })]);
  expect(text).toContain('"no": 1');
});
