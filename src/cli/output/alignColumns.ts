import { displayWidth } from './displayWidth.ts';

export interface AlignOptions {
  /** Blanks before each line. */
  indent?: number;
  /** Indices of columns that hold numbers. */
  right?: readonly number[];
}

/** Lines in which cells of a column begin (or end) below each other, two blanks between them. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  { indent = 0, right = [] }: AlignOptions = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) => {
      const padding = ' '.repeat((widths[index] ?? 0) - displayWidth(cell));
      return right.includes(index) ? padding + cell : cell + padding;
    });
    return (' '.repeat(indent) + cells.join('  ')).trimEnd();
  });
}
