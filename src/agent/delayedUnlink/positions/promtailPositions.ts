import { parse } from 'yaml';
import type { FilePosition } from './positions.ts';
import { PositionsError } from './positionsError.ts';

/** Keys of positions that are no files' (clients/pkg/promtail/positions/positions.go). */
const noFile = /^(?:journal|cursor)-/;

/**
 * The notes of Promtail and Alloy: YAML, `positions` is a map from path to offset, of Alloy from {path, labels} to offset.
 * There is no inode in them: a file that was renamed is not known any more.
 */
export function promtailPositions(bytes: Buffer, file: string): FilePosition[] {
  const positions = positionsIn(bytes, file);
  const notes: FilePosition[] = [];
  for (const [key, value] of positions) {
    const path: unknown = key instanceof Map ? key.get('path') : key;
    // What is no number is the cursor of something that is no file.
    if (typeof path !== 'string' || typeof value !== 'string') continue;
    if (noFile.test(path) || !/^\d{1,19}$/.test(value)) continue;
    notes.push({ path, offset: BigInt(value) });
  }
  return notes;
}

function positionsIn(bytes: Buffer, file: string): Map<unknown, unknown> {
  const garbled = (why: string, cause?: unknown): PositionsError =>
    new PositionsError('Garbled', file, why, 'name the file that Promtail or Alloy keeps positions in', {
      cause,
    });
  let document: unknown;
  try {
    // Scalars stay strings; no aliases, for they could make a small file a large value.
    document = parse(bytes.toString(), {
      ...{ schema: 'failsafe', mapAsMap: true, maxAliasCount: 0, logLevel: 'silent' },
      ...{ uniqueKeys: false, prettyErrors: false },
    });
  } catch (error) {
    throw garbled('it is no YAML', error); // not its words: they quote
  }
  if (document === null || document === '') return new Map();
  const positions: unknown = document instanceof Map ? document.get('positions') : undefined;
  if (positions === '' || positions === null) return new Map();
  if (!(positions instanceof Map)) throw garbled('it has no map of positions');
  return positions;
}
