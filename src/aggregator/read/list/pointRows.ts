import { quoteText } from '../../store/layout.ts';
import type { StoreReader } from '../../store/readResult.ts';
import { pointTables, type StoredPoint } from '../query/storedPoint.ts';

/** What is stored of one point from one node. */
export interface PointRows {
  probe: string;
  point: string;
  node: string;
  nodeUid: string;
  rows: bigint;
  /** ns since the Unix epoch. */
  first: bigint;
  last: bigint;
}

/** Counts the stored events of points by node. */
export async function pointRows(reader: StoreReader, points: readonly StoredPoint[]): Promise<PointRows[]> {
  const counts: string[] = [];
  for (const point of points) {
    for (const { table } of await pointTables(reader, point)) {
      const names = `${quoteText(point.probeName)} AS probe, ${quoteText(point.name)} AS point`;
      counts.push(
        `SELECT ${names}, source, count(*) AS n, min(time) AS a, max(time) AS b FROM ${table} GROUP BY source`,
      );
    }
  }
  if (counts.length === 0) return [];
  const rows = await reader.rows(
    `SELECT probe, point, s.node AS node, s.node_uid AS node_uid, sum(n)::UBIGINT AS n, min(a) AS a, max(b) AS b
     FROM (${counts.join('\nUNION ALL\n')}) c JOIN meta.sources s ON s.id = c.source
     GROUP BY ALL ORDER BY probe, point, node`,
  );
  return rows.map((row) => ({
    probe: String(row['probe']),
    point: String(row['point']),
    node: String(row['node']),
    nodeUid: String(row['node_uid']),
    rows: row['n'] as bigint,
    first: row['a'] as bigint,
    last: row['b'] as bigint,
  }));
}
