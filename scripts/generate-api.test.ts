import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { FUNCTION_NAMES } from '../src/probe/cel/checkCall.ts';
import { generateApi } from './generate-api.ts';

const root = new URL('../', import.meta.url);
const crd = await readFile(new URL('crds/traceprobes.yaml', root), 'utf8');

test.each(Object.entries(generateApi(crd)))(
  '%s is what the CRD generates: npm run generate:api',
  async (path, source) => {
    expect(await readFile(new URL(path, root), 'utf8')).toBe(source);
  },
);

test('a keyword that src/api would ignore is refused', () => {
  const changed = crd.replace(
    '                  minItems: 1',
    '                  minItems: 1\n                  uniqueItems: true',
  );
  expect(() => generateApi(changed)).toThrow('.spec.points: keyword "uniqueItems" is unknown to src/api');
});

test('a field without description is refused, for kubectl explain would show nothing', () => {
  const changed = crd.replace(/ +description: Detaches the probe .*\n/, '');
  expect(() => generateApi(changed)).toThrow('.spec.suspend: no description');
});

test('a field with a default is not optional in the types, and one without is', () => {
  const types = generateApi(crd)['src/api/gen/traceProbe.ts'];
  expect(types).toContain('  suspend: boolean;');
  expect(types).toContain('  expireAfter?: string;');
});

test('the reference has defaults, limits and what is refused, with the words of the API server', () => {
  const page = generateApi(crd)['docs/reference.md'];
  expect(page).toContain('- **`maxKeys`**: integer; 1 to 65,536; default `4096`\\\n');
  expect(page).toContain('  - refused: “must be from 1s to 1h, not …”');
  expect(page).toContain('See [spec.scope.nodeSelector](#specscopenodeselector)');
});

test('the reference knows every function of filters', () => {
  const page = generateApi(crd)['docs/reference.md'];
  for (const name of FUNCTION_NAMES) expect(page).toContain(`${name}(`);
});
