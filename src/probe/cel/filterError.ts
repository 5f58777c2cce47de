/** Text of a filter and where it was written, such as 'spec.points[0].filter' or '--filter'. */
export interface FilterSource {
  text: string;
  name?: string;
}

/** Why a filter was refused, and where in its source. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  /** What is wrong, in one sentence without the source. */
  readonly summary: string;
  /** 1-based line and column (UTF-16 units, as editors count) of the first character that is wrong. */
  readonly line: number;
  readonly column: number;
  /** Characters that are wrong, at least 1, all on that line. */
  readonly length: number;
  readonly source: FilterSource;
  /** What to do instead. */
  readonly hint: string | undefined;

  /** @param range offsets into the source's text */
  constructor(summary: string, source: FilterSource, range: { start: number; end: number }, hint?: string) {
    const before = source.text.slice(0, range.start);
    const lineStart = before.lastIndexOf('\n') + 1;
    const newline = source.text.indexOf('\n', range.start);
    const lineEnd = newline === -1 ? source.text.length : newline;
    const line = before.split('\n').length;
    const column = range.start - lineStart + 1;
    const length = Math.max(1, Math.min(range.end, lineEnd) - range.start);
    const text = source.text.slice(lineStart, lineEnd);
    super(render(summary, source.name, line, column, length, text, hint));
    this.summary = summary;
    this.line = line;
    this.column = column;
    this.length = length;
    this.source = source;
    this.hint = hint;
  }
}

function render(
  summary: string,
  name: string | undefined,
  line: number,
  column: number,
  length: number,
  text: string,
  hint: string | undefined,
): string {
  const place = `${name ?? 'filter'}, ${line > 1 ? `line ${line}, ` : ''}column ${column}`;
  // A tab before the mark stays a tab, so that the caret stands below what it means.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const lines = [`${place}: ${summary}`, `  ${text}`, `  ${indent}${'^'.repeat(length)}`];
  if (hint !== undefined) lines.push(`  ${hint}`);
  return lines.join('\n');
}
