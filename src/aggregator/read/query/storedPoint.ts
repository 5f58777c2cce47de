import { nearestNames } from '../../../api/index.ts';
import { dictionaryTable, quoteName, workloadTable, type StoredColumn } from '../../store/layout.ts';
import type { StoreReader } from '../../store/readResult.ts';

/** One table of a point's events, with the tables that its codes mean something in; names are ready for SQL. */
export interface PointTable {
  table: string;
  dictionary: string;
  workloads: string;
  columns: readonly StoredColumn[];
}

/** A point whose events are stored. */
export interface StoredPoint {
  probeUid: string;
  probeName: string;
  point: number;
  name: string;
  generation: bigint;
  /** The newest description of its columns. */
  columns: readonly StoredColumn[];
}

/** What was asked for is not there; the message is for who asked. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

/** Here a probe that is not there cannot be told from one that has had no event. */
export function nothingStored(probe: string): NotStoredError {
  return new NotStoredError(
    `there are no events of a probe ${probe}\n` +
      '  either there is no such probe, or nothing has happened yet that it traces',
  );
}

/** Points of the probes that names mean now, in the order of spec.points. */
export async function storedPoints(reader: StoreReader, probe?: string): Promise<StoredPoint[]> {
  const rows = await reader.rows(
    `SELECT p.uid, p.name, t.point, t.point_name, t.generation, t.columns
     FROM meta.probes p JOIN meta.points t ON t.probe_uid = p.uid
     WHERE p.is_current${probe === undefined ? '' : ' AND p.name = $1'}
     ORDER BY p.name, t.point`,
    probe === undefined ? [] : [probe],
  );
  return rows.map((row) => ({
    probeUid: String(row['uid']),
    probeName: String(row['name']),
    point: Number(row['point']),
    name: String(row['point_name']),
    generation: row['generation'] as bigint,
    columns: JSON.parse(String(row['columns'])) as StoredColumn[],
  }));
}

/**
 * The point that a reader means.
 *
 * @param point empty: the only one
 * @throws NotStoredError
 */
export async function storedPoint(reader: StoreReader, probe: string, point: string): Promise<StoredPoint> {
  const points = await storedPoints(reader, probe);
  if (points.length === 0) throw nothingStored(probe);
  const names = points.map(({ name }) => name);
  const found = point === '' && points.length === 1 ? points[0] : points.find(({ name }) => name === point);
  if (found !== undefined) return found;
  if (point === '') throw new NotStoredError(`${probe} has several points: say which of ${names.join(', ')}`);
  const [nearest] = nearestNames(point, names, 1);
  const hint = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`;
  throw new NotStoredError(`${probe} has no point ${point}: ${hint}`);
}

/** Clocks of nodes may be behind the store's by so much. */
const clockSkewMs = 60_000;

/**
 * Tables that may have events of a point, oldest first.
 *
 * @param since ns since the Unix epoch: what a slice that was closed before then has is older
 */
export async function pointTables(
  reader: StoreReader,
  { probeUid, point }: Pick<StoredPoint, 'probeUid' | 'point'>,
  since = 0n,
): Promise<PointTable[]> {
  const rows = await reader.rows(
    `SELECT t.table_name, t.slice, t.columns
     FROM meta.tables t JOIN meta.slices s ON s.probe_uid = t.probe_uid AND s.slice = t.slice
     WHERE t.probe_uid = $1 AND t.point = $2::BIGINT AND (s.closed IS NULL OR epoch_ms(s.closed) >= $3::BIGINT)
     ORDER BY t.slice, t.ordinal`,
    [probeUid, BigInt(point), since / 1_000_000n - BigInt(clockSkewMs)],
  );
  return rows.map((row) => {
    const slice = { probeUid, slice: Number(row['slice']) };
    return {
      table: `data.${quoteName(String(row['table_name']))}`,
      dictionary: `data.${quoteName(dictionaryTable(slice))}`,
      workloads: `data.${quoteName(workloadTable(slice))}`,
      columns: JSON.parse(String(row['columns'])) as StoredColumn[],
    };
  });
}
