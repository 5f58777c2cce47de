/** A text column is not made narrower than this (its header may be). */
const narrowest = 8;
const gap = 2;
/** Where lines may be of any length, a column is not padded further than this: one long value would move all others. */
const widestPadding = 48;

export interface FittedColumn {
  /** What it would like to have. */
  width: number;
  /** Of its widest value so far. */
  needed: number;
  /** May be cut. */
  text: boolean;
}

/**
 * Widths of columns, two blanks between them, that fit a line of `limit` characters: texts give up what
 * none of their values needs, then the widest of them give way; numbers keep theirs. What does not fit even so is for the caller to cut.
 * @param limit undefined: lines of any length, and then values are not to be cut
 */
export function fitWidths(columns: readonly FittedColumn[], limit: number | undefined): number[] {
  if (limit === undefined) return columns.map(({ width }) => Math.min(width, widestPadding));
  const excess = (all: readonly number[]): number =>
    all.reduce((sum, width) => sum + width, gap * (all.length - 1)) - limit;
  const wanted = columns.map(({ width }) => width);
  if (excess(wanted) <= 0) return wanted;
  const widths = columns.map(({ width, needed, text }) => (text ? needed : width));
  let over = excess(widths);
  while (over > 0) {
    const texts = widths.flatMap((width, index) =>
      columns[index]?.text === true && width > narrowest ? [{ width, index }] : [],
    );
    if (texts.length === 0) break;
    const widest = Math.max(...texts.map(({ width }) => width));
    const next = Math.max(
      narrowest,
      ...texts.filter(({ width }) => width < widest).map(({ width }) => width),
    );
    const group = texts.filter(({ width }) => width === widest);
    const each = Math.min(widest - next, Math.ceil(over / group.length));
    for (const { index } of group) {
      const less = Math.min(each, over);
      widths[index] = widest - less;
      over -= less;
    }
  }
  return widths;
}
