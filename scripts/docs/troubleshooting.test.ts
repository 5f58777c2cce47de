import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { lossReasons } from '../../src/agent/account.ts';
import { featureNames } from '../../src/bpf/index.ts';
import { featureFindings } from '../../src/cli/doctor/featureFindings.ts';
import { machineFindings } from '../../src/cli/doctor/machineFindings.ts';
import { namesInTable } from './namesInTable.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');
const page = await read('docs/troubleshooting.md');

/** Every literal of these sources that looks like a reason, but those that are known to be something else. */
async function reasonsIn(others: readonly string[], ...paths: string[]): Promise<string[]> {
  const sources = await Promise.all(paths.map(read));
  const literals = sources.flatMap((source) => [
    ...source.matchAll(/(?<![.\w])'([A-Z][a-z]+(?:[A-Z][a-z]+)*)'/g),
  ]);
  const found = new Set(literals.map(([, literal = '']) => literal));
  for (const other of others) {
    expect([...found]).toContain(other);
    found.delete(other);
  }
  return [...found].sort();
}

test('every condition is in the page', async () => {
  const source = await read('src/controller/conditions.ts');
  const [, union = ''] = /type ConditionType = ([^;]+);/.exec(source) ?? [];
  const types = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(namesInTable(page, 'Conditions')).toEqual(types);
});

test('every reason of a condition is in the page, and no other', async () => {
  const reasons = await reasonsIn(
    ['True', 'False', 'Unknown', 'Run', 'Hold', 'Stop'],
    'src/controller/findings.ts',
    'src/controller/desireOf.ts',
  );
  expect(namesInTable(page, 'Reasons of conditions').sort()).toEqual(reasons);
});

test('every reason of a failure is in the page, and no other', async () => {
  const states = ['Running', 'Failed', 'Unsupported', 'Stopped', 'Unheard', 'Unreachable'];
  const strategies = ['AllAtOnce', 'Auto', 'Host', 'Expired'];
  const reasons = await reasonsIn(
    [...states, ...strategies],
    ...['src/agent/failureOf.ts', 'src/agent/probeReconciler.ts'],
    ...['src/controller/countNodes.ts', 'src/controller/rollout.ts'],
  );
  expect(namesInTable(page, 'Reasons of failures').sort()).toEqual(reasons);
});

test('every way to lose an event is in the page', async () => {
  const source = await read('src/agent/delivery/outbox.ts');
  const [, list = ''] = /const reasons = \[([^\]]+)\]/.exec(source) ?? [];
  const dropped = [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(namesInTable(page, 'Lost events')).toEqual([...lossReasons, ...dropped]);
});

test('every finding of doctor is in the page', () => {
  const nowhere = { platform: 'linux', release: '5.4.0', uid: 0, capabilities: 0n } as const;
  const machine = machineFindings(nowhere, 'mips', { read: () => undefined, exists: () => false });
  const features = featureFindings({
    probe: () => ({ supported: false, reason: 'no', error: undefined }),
  });
  expect(features.length).toBeGreaterThan(featureNames.length);
  const names = [...machine, ...features].map(({ name }) => name);
  expect(namesInTable(page, 'What doctor finds').sort()).toEqual([...names, 'native addon'].sort());
});
