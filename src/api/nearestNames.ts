/**
 * Names that somebody who wrote `wanted` may have meant, best first: those that differ in case only, begin with
 * it, contain it or are contained in it, then those a few edits away, then those that share its longest word (a
 * function that was renamed: do_unlinkat, filename_unlinkat). Quick enough for the kernel's 60,000 function names
 * (about 20 ms).
 *
 * @param limit at most so many
 */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 5): string[] {
  const lower = wanted.toLowerCase();
  const maxEdits = Math.min(4, Math.max(1, Math.floor(lower.length / 3)));
  const word = longestWord(lower);
  const best: { name: string; score: number }[] = [];
  let worst = Infinity;
  for (const name of names) {
    const score = distance(lower, name.toLowerCase(), maxEdits, word);
    if (score >= worst) continue;
    if (best.some((entry) => entry.name === name)) continue;
    const at = best.findIndex((entry) => score < entry.score);
    best.splice(at < 0 ? best.length : at, 0, { name, score });
    if (best.length > limit) best.pop();
    if (best.length === limit) worst = best.at(-1)?.score ?? Infinity;
  }
  return best.map((entry) => entry.name);
}

/** The longest part between underscores, if it is telling. */
function longestWord(name: string): string | undefined {
  const word = name
    .split(/[_/]/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '');
  return word.length >= 6 && word.length < name.length ? word : undefined;
}

/** 0 for the same word, below 2 for a prefix or part, then 2 + edits, then those with `word` in them; Infinity: none. */
function distance(wanted: string, name: string, maxEdits: number, word: string | undefined): number {
  if (name === wanted) return 0;
  const longer = Math.abs(name.length - wanted.length) / 1000;
  if (wanted.length >= 3 && name.length >= 3) {
    if (name.startsWith(wanted)) return 0.5 + longer;
    if (name.includes(wanted)) return 1 + longer;
    if (name.length > wanted.length / 2 && wanted.includes(name)) return 1.5 + longer;
  }
  const edits = boundedEdits(wanted, name, maxEdits);
  if (edits <= maxEdits) return 2 + edits + longer;
  return word !== undefined && name.includes(word) ? 10 + longer : Infinity;
}

/**
 * Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; some number above `max` as soon as it is
 * certain that they are more.
 */
export function boundedEdits(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let least = row;
    const left = a.charCodeAt(row - 1);
    for (let column = 1; column <= b.length; column++) {
      const right = b.charCodeAt(column - 1);
      let edits = Math.min(
        (previous[column] ?? max) + 1,
        (current[column - 1] ?? max) + 1,
        (previous[column - 1] ?? max) + (left === right ? 0 : 1),
      );
      if (row > 1 && column > 1 && left === b.charCodeAt(column - 2) && a.charCodeAt(row - 2) === right) {
        edits = Math.min(edits, (before[column - 2] ?? max) + 1);
      }
      current.push(edits);
      least = Math.min(least, edits);
    }
    // A swap may look two rows back, so give up only when neither of the last two rows can lead below max.
    if (least > max && Math.min(...previous) >= max) return max + 1;
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? max + 1;
}
