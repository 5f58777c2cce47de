import { expect, test } from '@jest/globals';
import type { DeadEpoch } from '../../agent/epochs.ts';
import { deadRunLines, reportDeadRuns } from './reportDeadRuns.ts';
import { TextOutput } from '../output/textOutput.ts';
import { Writable } from 'node:stream';

const counters = {
  ...{ attempted: 1200n, filtered: 1000n, captured: 190n, opened: 200n, closed: 196n },
  ...{ lostRing: 6n, lostShare: 0n, lostRate: 0n, lostNesting: 0n, lostUnpaired: 0n },
};
const slot = { slot: 3, probeUid: 'u1', probe: 'opens', point: 'openat', counters };
const dead: DeadEpoch = {
  epoch: Buffer.alloc(16, 7),
  since: new Date('2026-11-21T12:14:57Z'),
  pid: 4711,
  slots: [slot, { ...slot, slot: 4, point: 'openat2' }],
  released: [],
};

test('points of a probe are summed, and what is not known is said to be so', () => {
  expect(deadRunLines(dead)).toEqual([
    'A run of traceprobe (pid 4711, since 2026-11-21T12:14:57.000Z) ended without its account. The kernel counted:',
    'opens:',
    '  attempted 2,400 = 2,000 filtered in the kernel + 380 captured + 12 lost (ring buffer full) + 8 open (no return yet)',
    '  how many of those captured were shown is not known',
  ]);
});

test('counters that are gone are not taken for zeros', () => {
  const lines = deadRunLines({ ...dead, slots: [slot, { ...slot, slot: 4, counters: undefined }] });
  expect(lines.slice(1)).toEqual(['opens:', '  nothing is known: its counters are gone']);
});

test('a sum is said to lack the points that had ended before', () => {
  expect(deadRunLines({ ...dead, released: [{ ...slot, slot: 9, counters: undefined }] }).at(-1)).toMatch(
    /are not in it/,
  );
});

test('nothing is told of a run that had not begun, nor of one that somebody else has told of', () => {
  expect(deadRunLines({ ...dead, slots: [] })).toEqual([]);
  let told = '';
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      told += String(chunk);
      callback();
    },
  });
  const context = { stderr: new TextOutput(sink, {}), log: () => undefined };
  reportDeadRuns({ dead: () => [dead], forget: () => false }, context);
  expect(told).toBe('');
  reportDeadRuns({ dead: () => [dead], forget: () => true }, context);
  expect(told).toMatch(/^A run of traceprobe \(pid 4711/);
});

test('accounts that may not be read keep nobody from anything', () => {
  const logged: string[] = [];
  const dead = (): never => {
    throw new Error('EPERM');
  };
  const stderr = new TextOutput(new Writable(), {});
  reportDeadRuns({ dead, forget: () => true }, { stderr, log: (level) => logged.push(level) });
  expect(logged).toEqual(['info']);
});
