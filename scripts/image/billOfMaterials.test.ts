import { expect, test } from '@jest/globals';
import { billOfMaterials } from './billOfMaterials.js';

const lock = {
  packages: {
    '': { name: 'traceprobe', version: '0.1.0' },
    'node_modules/yaml': { version: '2.8.0', license: 'ISC', integrity: 'sha512-AAEC' },
    'node_modules/jest': { version: '30.0.0', dev: true },
    'node_modules/@duckdb/node-bindings-darwin-arm64': { version: '1.5.6', optional: true },
    [`node_modules/@duckdb/node-bindings-linux-${process.arch}`]: { version: '1.5.6', optional: true },
    [`node_modules/@duckdb/node-bindings-linux-${process.arch}-musl`]: { version: '1.5.6', optional: true },
  },
};
const debian = [
  'Package: libelf1t64\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:0.192-4\n',
];

test('what runs in an image is listed, dated and in order: npm packages of this platform and Debian packages', () => {
  const bill = billOfMaterials({ version: '0.1.0', lock, debian, epoch: 1_700_000_000 });
  expect(bill.metadata.timestamp).toBe('2023-11-14T22:13:20.000Z');
  expect(bill.components.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libelf1t64@1%3A0.192-4?arch=amd64',
    `pkg:npm/%40duckdb/node-bindings-linux-${process.arch}@1.5.6`,
    'pkg:npm/yaml@2.8.0',
  ]);
});

test('a package has its license and the hash that it was checked against', () => {
  const { components } = billOfMaterials({ version: '0.1.0', lock, debian: [], epoch: 0 });
  expect(components).toContainEqual(
    expect.objectContaining({
      name: 'yaml',
      licenses: [{ expression: 'ISC' }],
      hashes: [{ alg: 'SHA-512', content: '000102' }],
    }),
  );
});
