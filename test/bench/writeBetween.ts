import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Replaces what is between two marks of a document.
 *
 * @throws Error when they are not in it
 */
export function writeBetween(
  document: string,
  [before, after]: readonly [string, string],
  text: string,
): void {
  const old = readFileSync(document, 'utf8');
  const from = old.indexOf(before);
  const to = old.indexOf(after);
  if (from < 0 || to < from) throw new Error(`${document} has no ${before} … ${after} to write between`);
  writeFileSync(document, `${old.slice(0, from + before.length)}\n\n${text}\n${old.slice(to)}`);
}
