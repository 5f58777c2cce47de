/** A statement that is not run, for who wrote it. */
export class SqlRefusedError extends Error {
  override readonly name = 'SqlRefusedError';
  /** What is wrong, in one sentence without the statement. */
  readonly summary: string;
  /** What to do instead. */
  readonly hint: string | undefined;

  /** @param offset in bytes of UTF-8, of what is wrong in `sql`; undefined: the parser does not tell */
  constructor(summary: string, sql: string, offset: number | undefined, hint?: string) {
    super([summary, ...mark(sql, offset), ...(hint === undefined ? [] : [`  ${hint}`])].join('\n'));
    this.summary = summary;
    this.hint = hint;
  }
}

/** The line that is wrong, and a caret below what is wrong in it. */
function mark(sql: string, offset: number | undefined): string[] {
  if (offset === undefined) return [];
  const before = Buffer.from(sql).subarray(0, offset).toString();
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = sql.slice(lineStart).split('\n', 1)[0] ?? '';
  const indent = before.slice(lineStart).replace(/[^\t]/g, ' ');
  return [`  ${line}`, `  ${indent}^`];
}
