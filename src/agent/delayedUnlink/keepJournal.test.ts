import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KeepJournal, type KeptNote } from './keepJournal.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  path = join(directory, 'below', 'kept.jsonl');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function noteOf(key: string): KeptNote {
  return { key, probeUid: 'uid', root: '/var/log', relativePath: `${key}.log`, inode: '1', since: 7 };
}

test('what was kept and has not gone is known to the next one', () => {
  {
    using journal = new KeepJournal(path);
    for (const key of ['a', 'b', 'c']) journal.keep(noteOf(key));
    journal.gone('b');
  }
  using next = new KeepJournal(path);
  expect(next.notes).toEqual([noteOf('a'), noteOf('c')]);
});

test('lines that a power cut left in part, or that are none of ours, are passed over', () => {
  {
    using journal = new KeepJournal(path);
    journal.keep(noteOf('a'));
  }
  appendFileSync(path, 'null\n{"kept":null}\n{"kept":{"key":"x"}}\n\0\0\n{"kept":{"key":"b","probeU');
  using next = new KeepJournal(path);
  expect(next.notes).toEqual([noteOf('a')]);
});

test('it does not grow with what has gone', () => {
  using journal = new KeepJournal(path);
  journal.keep(noteOf('stays'));
  for (let n = 0; n < 10_000; n++) {
    journal.keep(noteOf(`${n}`));
    journal.gone(`${n}`);
  }
  expect(readFileSync(path).length).toBeLessThan(2_000_000);
  expect(journal.notes).toEqual([noteOf('stays')]);
});
