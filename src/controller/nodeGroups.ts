/** What a node says. */
export interface NodeWords {
  node: string;
  words: readonly string[];
}

/** Nodes that say the same, in order. */
export interface NodeGroup {
  words: readonly string[];
  nodes: string[];
}

/**
 * Nodes that say the same together, the largest groups first; of equal ones those whose words come first, so that the
 * same words always give the same list.
 */
export function nodeGroups(said: readonly NodeWords[]): NodeGroup[] {
  const groups = Map.groupBy(said, ({ words }) => words.join('\n'));
  return [...groups]
    .sort(([a, as], [b, bs]) => bs.length - as.length || compare(a, b))
    .map(([, alike]) => ({
      words: alike[0]?.words ?? [],
      nodes: alike.map(({ node }) => node).sort(compare),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
