import { expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

const kernels = ['host', '6.12'];

test('without arguments everything is run', () => {
  expect(parseOptions([], kernels)).toEqual({
    checks: true,
    unit: true,
    cluster: true,
    e2e: true,
    kernels,
    jestArgs: [],
    help: false,
  });
});

test('--unit runs the unit tests alone, --cluster the cluster tests, --e2e those end to end, --kernel one kernel', () => {
  const none = { checks: false, unit: false, cluster: false, e2e: false, kernels: [] };
  expect(parseOptions(['--unit'], kernels)).toMatchObject({ ...none, unit: true });
  expect(parseOptions(['--cluster'], kernels)).toMatchObject({ ...none, cluster: true });
  expect(parseOptions(['--e2e'], kernels)).toMatchObject({ ...none, e2e: true });
  expect(parseOptions(['--kernel', '6.12'], kernels)).toMatchObject({
    ...none,
    kernels: ['6.12'],
  });
  expect(parseOptions(['--kernel=host', '--kernel=6.12'], kernels).kernels).toEqual(['host', '6.12']);
});

test('what is left goes to jest, and a pattern leaves out the checks', () => {
  expect(parseOptions(['--kernel', 'host', 'bpfMap', '-t', 'a map'], kernels).jestArgs).toEqual([
    'bpfMap',
    '-t',
    'a map',
  ]);
  expect(parseOptions(['bpfMap'], kernels)).toMatchObject({ checks: false, unit: true, kernels });
});

test('an unknown kernel is refused with the known ones', () => {
  expect(() => parseOptions(['--kernel', '5.4'], kernels)).toThrow(
    '--kernel takes one of host, 6.12, not 5.4',
  );
  expect(() => parseOptions(['--kernel'], kernels)).toThrow('not nothing');
});
