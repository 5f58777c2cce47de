import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { readNotes, readSteadyNotes } from './readNotes.ts';
import { scratchDirectory } from './testing/scratchDirectory.ts';

test('what is read of files that belong together was there at one moment', async () => {
  using scratch = scratchDirectory();
  const [first, second] = [join(scratch.path, 'first'), join(scratch.path, 'second')] as const;
  const write = (content: number): void => {
    // In this order: who reads the first before and the second afterwards has read what never was.
    for (const file of [first, second]) writeFileSync(file, String(content));
  };
  write(0);
  for (let round = 1; round <= 200; round++) {
    const reading = readSteadyNotes([first, second], 100);
    for (let turn = 0; turn < round % 10; turn++) await setImmediate();
    write(round);
    const [one, other] = (await reading).map((notes) => Number(notes?.bytes.toString()));
    expect(other).toBe(one);
  }
});

test('a companion that is not there is nothing, a file that is not there is missing', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'notes');
  await expect(readSteadyNotes([file], 100)).rejects.toMatchObject({ reason: 'Missing' });
  writeFileSync(file, 'content');
  expect((await readSteadyNotes([file, `${file}-wal`], 100)).map((notes) => notes?.bytes)).toEqual([
    readFileSync(file),
    undefined,
  ]);
});

test('no more than the limit is read', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'notes');
  writeFileSync(file, 'content');
  expect((await readNotes(file, 7)).bytes.toString()).toBe('content');
  await expect(readNotes(file, 6)).rejects.toThrow('it has 7 bytes, more than the 6 that are read');
});
