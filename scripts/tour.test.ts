import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { terminalPicture } from './terminalPicture.ts';
import { tourTitle } from './tour.ts';

const root = new URL('../', import.meta.url);

test('docs/tour.svg is what docs/tour.txt draws: node scripts/tour.ts', async () => {
  const recording = await readFile(new URL('docs/tour.txt', root), 'utf8');
  expect(await readFile(new URL('docs/tour.svg', root), 'utf8')).toBe(terminalPicture(recording, tourTitle));
});

test('what a program said is drawn as text, whatever it was', () => {
  const picture = terminalPicture('$ echo "<a & b>"\n<a & b>\n', 'x');
  expect(picture.match(/&lt;a\u00a0&amp;\u00a0b&gt;/g)).toHaveLength(2);
  expect(picture).not.toContain('<a ');
});

test('a line that is too long is cut', () => {
  expect(terminalPicture('x'.repeat(200), 'x')).toContain(`${'x'.repeat(103)}…</text>`);
});
