import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ShipperNotes } from './shipperNotes.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shipper-notes-'));
  file = join(directory, 'positions.yaml');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Notes whose next change can be waited for. */
function follow(): { notes: ShipperNotes; next: () => Promise<void>; logged: string[] } {
  let changed = Promise.withResolvers<undefined>();
  const logged: string[] = [];
  const notes = new ShipperNotes({
    positions: { format: 'Promtail', path: '/positions.yaml' },
    pathHere: (path) => directory + path,
    onChange: () => {
      changed.resolve(undefined);
      changed = Promise.withResolvers();
    },
    log: (level, message) => void logged.push(`${level}: ${message}`),
  });
  return { notes, logged, next: () => changed.promise };
}

test('a problem with the positions ends when they can be read', async () => {
  const { notes, next, logged } = follow();
  await notes.settled();
  expect(notes.problem).toContain('cannot go by the positions in');
  writeFileSync(file, 'positions: {}\n');
  while (notes.problem !== undefined) await next();
  notes.close();
  expect(logged.map((line) => line.split(':')[0])).toEqual(['warn', 'info']);
});

test('notes of a shipper that notes nothing while there is something to read are stale until it notes something', async () => {
  writeFileSync(file, 'positions: {}\n');
  const now = Date.now() / 1000;
  utimesSync(file, now - 600, now - 600);
  const { notes, next } = follow();
  await notes.settled();
  notes.expectSince((now - 10) * 1000);
  expect(notes.problem).toBeUndefined();
  notes.expectSince((now - 60) * 1000);
  expect(notes.problem).toContain('nothing was noted since');
  expect(notes.problem).toContain('/positions.yaml');
  // That it has let another file go is no sign of life of the shipper.
  notes.expectSince((now - 1) * 1000);
  expect(notes.problem).toContain('nothing was noted since');
  writeFileSync(file, 'positions: { /var/log/a.log: "3" }\n');
  while (notes.problem !== undefined) await next();
  notes.close();
});
