import { expect, test } from '@jest/globals';
import type { FeatureName } from '../../bpf/index.ts';
import { featureFindings } from './featureFindings.ts';

/** What is found of a kernel that lacks these features. */
function without(...lacking: FeatureName[]): ReturnType<typeof featureFindings> {
  return featureFindings({
    probe: (name) => {
      const supported = !lacking.includes(name);
      return { supported, reason: supported ? undefined : `attach ${name}: EPERM`, error: undefined };
    },
  });
}

test('a feature that is missing comes with why and with the consequence', () => {
  expect(without('lsm').find(({ name }) => name === 'LSM hooks')).toEqual({
    ...{ name: 'LSM hooks', status: 'limited', found: 'attach lsm: EPERM' },
    consequence: 'no lsm/…: it takes CONFIG_BPF_LSM, and bpf in the boot option lsm=',
  });
  expect(without('lsm').filter(({ status }) => status !== 'ok')).toHaveLength(1);
});

test('without a ring buffer nothing works', () => {
  expect(without('ringBuffer').some(({ status }) => status === 'missing')).toBe(true);
});

test('without any hook nothing works', () => {
  const hooks = without(
    'tracepoint',
    'rawTracepoint',
    'kprobe',
    'kretprobe',
    'uprobe',
    'fentry',
    'fexit',
    'lsm',
  );
  expect(hooks.at(-1)).toMatchObject({ name: 'hooks', status: 'missing' });
});
