import { nearestNames } from '../../../api/index.ts';
import type { ReadableColumn } from './readableColumns.ts';
import { ReaderError } from './readerError.ts';

/**
 * The column of a name.
 *
 * @param wanted what for, such as "--order"
 * @throws ReaderError
 */
export function chooseColumn(
  name: string,
  columns: readonly ReadableColumn[],
  wanted: string,
): ReadableColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const nearest = nearestNames(name, names, 3);
  const hint = nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : `there are ${names.join(', ')}`;
  throw new ReaderError(`${wanted}: there is no column ${name}: ${hint}`);
}
