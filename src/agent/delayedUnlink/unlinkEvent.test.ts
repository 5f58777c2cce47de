import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { passReasons, unlinkCounters } from './unlinkEvent.ts';

const header = readFileSync(new URL('../../../bpf/include/delayed_unlink.h', import.meta.url), 'utf8');

test('counters are named as the kernel’s program numbers them', () => {
  const body = /enum du_counter \{(.*?)\n\};/s.exec(header)?.[1] ?? '';
  const names = [...body.matchAll(/^ {2}DU_(\w+),/gm)].map(([, name = '']) =>
    name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  );
  expect(names).toEqual([...unlinkCounters]);
});

test('whatever comes from a dead agent on is a reason why a file was deleted at once', () => {
  expect(passReasons[0]).toBe('agentDead');
  expect(passReasons.at(-1)).toBe(unlinkCounters.at(-1));
});
