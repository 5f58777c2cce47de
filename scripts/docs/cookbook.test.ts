import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/cookbook.md', root), 'utf8');

/** Each question with its answer. */
const questions = page
  .split(/^### /m)
  .slice(1)
  .map((text) => text.replace(/^## [^]*/m, ''));

test('there are twenty questions, each with a TraceProbe of its own, its command line and what it shows', () => {
  const files = questions.map((text) => {
    const [, linked = ''] = /\]\(\.\.\/examples\/([\w-]+)\.yaml\)/.exec(text) ?? [];
    expect(text).toMatch(new RegExp(`^\\$ traceprobe run examples/${linked}\\.yaml.*$`, 'm'));
    expect(text).toMatch(/^[A-Z]+ +[A-Z]+.*\n\S/m);
    // Agents attach to programs in their own container alone: nothing to apply to a cluster.
    if (!text.includes('On a cluster')) expect(text).toContain(`$ kubectl apply -f examples/${linked}.yaml`);
    return linked;
  });
  expect(new Set(files).size).toBe(20);
});

test('every example is linked from the cookbook', async () => {
  for (const name of await readdir(new URL('examples', root)))
    expect(page).toContain(`(../examples/${name})`);
});
