import type { DuckDBConnection } from '@duckdb/node-api';
import type { PointState, ProbeState, SliceState, TableState } from './catalog.ts';
import type { StoredColumn } from './layout.ts';
import { logTables, readAccounts, readProgress } from './logs.ts';
import { Sources, sourceCounts } from './sources.ts';
import { Watermark, type Gap } from './watermark.ts';

/** What a file says of itself when it is opened. */
export interface LoadedState {
  probes: Map<string, ProbeState>;
  sources: Sources;
  /** Names of views, by UID. */
  views: Map<string, string[]>;
  /** Number of the last commit. */
  commit: bigint;
  /** Number of the newest logs. */
  log: number;
}

type Row = Record<string, unknown>;

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJS();
}

/** Reads all of it. */
export async function loadState(connection: DuckDBConnection, now: number): Promise<LoadedState> {
  const probes = await loadProbes(connection);
  const views = new Map<string, string[]>();
  for (const { view_name: name, probe_uid: uid } of await rowsOf(connection, 'FROM meta.views')) {
    views.set(String(uid), [...(views.get(String(uid)) ?? []), String(name)]);
  }
  const { names, newest } = await logTables(connection);
  const { commit, progress } = await readProgress(connection, names);
  const accounts = await readAccounts(connection, names);
  const gaps = new Map<number, Gap[]>();
  const gapRows = await rowsOf(
    connection,
    'SELECT source, "first", "last", epoch_ms(seen) seen FROM meta.gaps',
  );
  for (const { source, first, last, seen } of gapRows) {
    const list = gaps.get(Number(source)) ?? [];
    list.push({ first: first as bigint, last: last as bigint, seen: Number(seen) });
    gaps.set(Number(source), list);
  }
  const sources = new Sources();
  for (const row of await rowsOf(connection, 'FROM meta.sources')) {
    const id = Number(row['id']);
    const counts = progress.get(id);
    const zero = Object.fromEntries(sourceCounts.map((name) => [name, 0n])) as Record<
      (typeof sourceCounts)[number],
      bigint
    >;
    sources.restore({
      id,
      nodeUid: String(row['node_uid']),
      node: String(row['node']),
      epoch: String(row['epoch']),
      probeUid: String(row['probe_uid']),
      watermark: new Watermark(counts?.next, gaps.get(id)),
      account: accounts.get(id),
      seen: counts?.seen ?? now,
      ...zero,
      ...counts?.counts,
    });
  }
  return { probes, sources, views, commit, log: newest };
}

async function loadProbes(connection: DuckDBConnection): Promise<Map<string, ProbeState>> {
  const probes = new Map<string, ProbeState>();
  const rows = await rowsOf(connection, 'SELECT *, epoch_ms(deleted) deleted_ms FROM meta.probes');
  for (const row of rows) {
    const uid = String(row['uid']);
    probes.set(uid, {
      uid,
      name: String(row['name']),
      current: row['is_current'] === true,
      maxAgeMs: Number(row['max_age_ms']),
      maxBytes: Number(row['max_bytes']),
      deleted: row['deleted_ms'] === null ? undefined : Number(row['deleted_ms']),
      points: new Map(),
      slices: [],
      open: undefined,
      nextSlice: 0,
      asText: new Set(),
    });
  }
  for (const row of await rowsOf(connection, 'FROM meta.points ORDER BY point')) {
    const point: PointState = {
      point: Number(row['point']),
      name: String(row['point_name']),
      generation: row['generation'] as bigint,
      columns: JSON.parse(String(row['columns'])) as StoredColumn[],
    };
    probes.get(String(row['probe_uid']))?.points.set(point.point, point);
  }
  const slices = await rowsOf(
    connection,
    'SELECT probe_uid, slice, epoch_ms(opened) opened, epoch_ms(closed) closed, bytes FROM meta.slices ORDER BY slice',
  );
  for (const row of slices) {
    const probe = probes.get(String(row['probe_uid']));
    const slice: SliceState = {
      slice: Number(row['slice']),
      opened: Number(row['opened']),
      closed: row['closed'] === null ? undefined : Number(row['closed']),
      bytes: Number(row['bytes']),
      tables: [],
    };
    probe?.slices.push(slice);
    if (probe) probe.nextSlice = slice.slice + 1;
  }
  for (const row of await rowsOf(connection, 'FROM meta.tables ORDER BY slice, point, ordinal')) {
    const probe = probes.get(String(row['probe_uid']));
    const slice = probe?.slices.find((candidate) => candidate.slice === Number(row['slice']));
    const table: TableState = {
      point: Number(row['point']),
      ordinal: Number(row['ordinal']),
      shape: String(row['shape']),
      columns: JSON.parse(String(row['columns'])) as StoredColumn[],
    };
    slice?.tables.push(table);
    for (const { name, kind, type } of table.columns) {
      if (probe && kind === 'text' && type !== 'Bytes') {
        probe.asText = new Set([...probe.asText, `${table.point}/${name}`]);
      }
    }
  }
  return probes;
}
