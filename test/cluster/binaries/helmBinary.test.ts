import { expect, test } from '@jest/globals';
import { execute } from '../../vm/execute.ts';
import { helmBinary } from './helmBinary.ts';

const silent = (): void => undefined;

test('helm is of the version that its recipe requires', async () => {
  const helm = await helmBinary(silent);
  expect(await execute(helm, ['version', '--template={{.Version}}'])).toMatch(/^v3\.\d+\.\d+$/);
});

test('the helm that HELM names is used', async () => {
  expect(await helmBinary(silent, { HELM: '/opt/helm' })).toBe('/opt/helm');
});
