/**
 * The last line that a child has printed as JSON.
 *
 * @throws Error when it printed none
 */
export function lastJson(printed: string): unknown {
  const line = printed.split('\n').findLast((candidate) => candidate.startsWith('{'));
  if (line === undefined) throw new Error(`no line of JSON was printed, but: ${printed.slice(-500)}`);
  return JSON.parse(line) as unknown;
}
