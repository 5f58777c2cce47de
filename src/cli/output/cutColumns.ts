import type { Row, RowValue } from '../../codec/rowsOf.ts';
import type { ShownPoint } from './shownEvent.ts';

/**
 * Names of the columns whose values were cut when they were captured. Events say how many of their values that are, and
 * not which: it is those that fill most of the bytes they may have.
 */
export function cutColumns(
  { columns, maxBytes }: ShownPoint,
  { truncated, fields }: Pick<Row, 'truncated' | 'fields'>,
): Set<string> {
  if (truncated === 0) return new Set();
  const filled = columns.flatMap(({ name }) => {
    const most = maxBytes?.get(name);
    const bytes = byteLength(fields[name] ?? null);
    return most === undefined || bytes === undefined ? [] : [{ name, share: bytes / most }];
  });
  filled.sort((a, b) => b.share - a.share);
  return new Set(filled.slice(0, truncated).map(({ name }) => name));
}

/** undefined: no string and no buffer. */
function byteLength(value: RowValue): number | undefined {
  if (value instanceof Uint8Array) return value.length;
  return typeof value === 'string' ? Buffer.byteLength(value) : undefined;
}
