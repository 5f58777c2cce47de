import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAtLeast } from './goToolchain.ts';
import { kubernetesBinaries } from './kubernetesBinaries.ts';

const silent = (): void => undefined;

test('the programs that KUBEBUILDER_ASSETS names are used', async () => {
  const cached = await kubernetesBinaries(silent);
  const directory = cached.etcd.replace(/\/etcd$/, '');
  expect(await kubernetesBinaries(silent, { KUBEBUILDER_ASSETS: directory })).toEqual(cached);
});

test('a KUBEBUILDER_ASSETS that lacks programs is refused with what is missing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'traceprobe-assets-'));
  try {
    await writeFile(join(directory, 'etcd'), '');
    await expect(kubernetesBinaries(silent, { KUBEBUILDER_ASSETS: directory })).rejects.toThrow(
      `KUBEBUILDER_ASSETS is ${directory}, which lacks kube-apiserver and kubectl`,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

test.each([
  ['1.24.0', true],
  ['1.24.4', true],
  ['1.26rc1', true],
  ['2.0', true],
  ['1.23.12', false],
  ['1.19.8', false],
  ['', false], // before 1.16 `go env GOVERSION` printed nothing
])('Go %s can build what asks for 1.24.0: %s', (version, enough) => {
  expect(isAtLeast(version, '1.24.0')).toBe(enough);
});
