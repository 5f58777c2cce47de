import { describe, expect, test } from '@jest/globals';
import { parseDocuments } from '../../api/index.ts';
import { compileProbe } from '../compile.ts';
import type { ProbePlan } from '../plan.ts';
import type { FakeKernel } from '../testing/fakeKernel.ts';
import { kernelWith } from '../testing/compileOnFake.ts';

interface Wanted {
  paths?: string[];
  mode?: string;
  scope?: object;
}

function compile(
  { paths = ['/var/log/pods/**/*.log'], mode, scope }: Wanted,
  fake: FakeKernel = {},
): ProbePlan {
  const delayedUnlink = { paths, ...(mode === undefined ? {} : { mode }) };
  const spec = { delayedUnlink, ...(scope === undefined ? {} : { scope }) };
  const text = JSON.stringify({
    ...{ apiVersion: 'traceprobe.io/v1alpha1', kind: 'TraceProbe', metadata: { name: 'keep' }, spec },
  });
  const [manifest] = parseDocuments(text, 'test');
  if (manifest === undefined) throw new Error('no probe');
  using kernel = kernelWith(fake);
  return compileProbe(manifest.probe, kernel);
}

test('patterns and limits become a plan, and the defaults are those of the resource', () => {
  expect(compile({}).delayedUnlink).toEqual({
    patterns: [{ root: '/var/log/pods', depth: 'any', prefix: '', suffix: '.log', exact: false }],
    positions: undefined,
    maxDelayMilliseconds: 60_000,
    maxHeldBytes: 1n << 30n,
    maxHeldFiles: 10_000,
    minFreeDiskPercent: 10,
    mode: 'Hold',
  });
});

describe('Auto takes', () => {
  test.each([
    ['Hold by BPF LSM', {}, 'Hold', /by a BPF LSM program/],
    ['Hold by fmod_ret without BPF LSM', { lsm: 'not in the list' }, 'Hold', /by fmod_ret/],
  ])('%s', (_, lacking, mode, note) => {
    const plan = compile({}, { lacking });
    expect(plan.delayedUnlink?.mode).toBe(mode);
    expect(plan.points[0]?.notes[0]).toMatch(note);
  });
});

describe('is refused in words:', () => {
  test.each<[string, Wanted, FakeKernel['lacking'], RegExp]>([
    ['no way to keep', {}, { lsm: 'no', fmodRet: 'EPERM' }, /needs BPF LSM .*neither: EPERM/],
    ['Override', { mode: 'Override' }, {}, /mode Override is not supported yet/],
    ['no trampolines', { mode: 'Observe' }, { fentry: 'no BTF' }, /delayedUnlink needs fentry .*no BTF/],
    ['Link', { mode: 'Link' }, {}, /mode Link is not supported yet/],
    [
      'links of the kubelet',
      { paths: ['/var/log/containers/*.log'] },
      {},
      /symbolic links.*\/var\/log\/pods/,
    ],
    ['a pattern', { paths: ['/var/log/a*b*c'] }, {}, /paths\[0\].*a file name may have one \*/],
    ['a scope', { scope: { namespaces: ['shop'] } }, {}, /scope\.namespaces.*name the files in paths/],
  ])('%s', (_, wanted, lacking, message) => {
    expect(() => compile(wanted, lacking === undefined ? {} : { lacking })).toThrow(message);
  });
});
