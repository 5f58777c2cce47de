import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkRules, maxDepth, maxRules, maxSlots, type UnlinkRule } from './unlinkRules.ts';

function rule(changes: Partial<UnlinkRule> = {}): UnlinkRule {
  return {
    ...{ slot: 0, root: '/var/log/pods', depth: 'any', prefix: '', suffix: '.log', mode: 'Hold' },
    ...{ maxHeldFiles: 10, maxHeldBytes: 1000n },
    ...changes,
  };
}

test('limits are those of the kernel’s program', () => {
  const header = readFileSync(new URL('../../../bpf/include/delayed_unlink.h', import.meta.url), 'utf8');
  const limit = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1]);
  expect({ maxRules, maxSlots, maxDepth }).toEqual({
    maxRules: limit('DU_MAX_RULES'),
    maxSlots: limit('DU_MAX_SLOTS'),
    maxDepth: limit('DU_MAX_DEPTH'),
  });
});

test.each([
  [{ slot: 32 }, 'the rule for *.log below /var/log/pods: slot must be from 0 to 31, not 32'],
  [{ depth: 25 }, 'depth must be from 0 to 24, not 25'],
  [{ suffix: 'a/b' }, "'a/b' must be a part of a file name of at most 64 bytes"],
  [{ prefix: 'x'.repeat(65) }, 'at most 64 bytes'],
  [{ maxHeldFiles: 11 }, 'maxHeldFiles differs from that of another rule of slot 0'],
])('a rule with %j is refused', (changes, words) => {
  expect(() => {
    checkRules([rule(), rule(changes)]);
  }).toThrow(words);
});

test('more rules than the kernel’s program has bits for are refused', () => {
  const rules = Array.from({ length: 33 }, () => rule());
  expect(() => {
    checkRules(rules);
  }).toThrow('delayed unlink has at most 32 path patterns on a node, not 33');
});
