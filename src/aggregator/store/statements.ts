import type { PointState, ProbeState, SliceState, TableState } from './catalog.ts';
import { createEventView, viewNames } from './eventView.ts';
import {
  dictionaryColumns,
  dictionaryTable,
  eventColumns,
  eventTable,
  quoteName,
  quoteText,
  workloadColumns,
  workloadTable,
} from './layout.ts';

/** The statements that keep tables, metadata and views as the catalog says. Times are ms since the Unix epoch. */

function timestamp(ms: number | undefined): string {
  return ms === undefined ? 'NULL' : `epoch_ms(${Math.floor(ms)}::BIGINT)`;
}

export function saveProbe(probe: ProbeState, now: number, isNew: boolean): string[] {
  const { uid, name, current, maxAgeMs, maxBytes, deleted } = probe;
  const where = `WHERE uid = ${quoteText(uid)}`;
  if (!isNew) {
    return [
      `UPDATE meta.probes SET name = ${quoteText(name)}, is_current = ${current}, max_age_ms = ${maxAgeMs}, max_bytes = ${maxBytes},
         deleted = ${timestamp(deleted)} ${where}`,
    ];
  }
  return [
    `INSERT INTO meta.probes VALUES (${quoteText(uid)}, ${quoteText(name)}, ${current}, ${maxAgeMs}, ${maxBytes},
       ${timestamp(now)}, ${timestamp(deleted)})`,
  ];
}

export function savePoint(probe: ProbeState, { point, name, generation, columns }: PointState): string[] {
  const uid = quoteText(probe.uid);
  const described = quoteText(JSON.stringify(columns));
  return [
    `DELETE FROM meta.points WHERE probe_uid = ${uid} AND point = ${point}`,
    `INSERT INTO meta.points VALUES (${uid}, ${point}, ${quoteText(name)}, ${generation}, ${described})`,
  ];
}

export function createSlice(probe: ProbeState, { slice, opened }: SliceState): string[] {
  const name = { probeUid: probe.uid, slice };
  return [
    `CREATE TABLE data.${quoteName(dictionaryTable(name))} (${dictionaryColumns})`,
    `CREATE TABLE data.${quoteName(workloadTable(name))} (${workloadColumns})`,
    `INSERT INTO meta.slices VALUES (${quoteText(probe.uid)}, ${slice}, ${timestamp(opened)}, NULL, 0)`,
  ];
}

export function saveSlice(probe: ProbeState, { slice, closed, bytes }: SliceState): string {
  return `UPDATE meta.slices SET closed = ${timestamp(closed)}, bytes = ${bytes}
    WHERE probe_uid = ${quoteText(probe.uid)} AND slice = ${slice}`;
}

export function createTable(probe: ProbeState, slice: SliceState, table: TableState): string[] {
  const { point, ordinal, shape, columns } = table;
  const name = eventTable({ probeUid: probe.uid, slice: slice.slice }, point, ordinal);
  const types = eventColumns(columns).map(({ column, sqlType }) => `${column} ${sqlType}`);
  return [
    `CREATE TABLE data.${quoteName(name)} (${types.join(', ')})`,
    `INSERT INTO meta.tables VALUES (${quoteText(name)}, ${quoteText(probe.uid)}, ${slice.slice}, ${point}, ${ordinal},
       ${quoteText(shape)}, ${quoteText(JSON.stringify(columns))})`,
  ];
}

export function dropSlice(probe: ProbeState, { slice, tables }: SliceState): string[] {
  const name = { probeUid: probe.uid, slice };
  const names = [
    ...tables.map(({ point, ordinal }) => eventTable(name, point, ordinal)),
    dictionaryTable(name),
    workloadTable(name),
  ];
  const where = `WHERE probe_uid = ${quoteText(probe.uid)} AND slice = ${slice}`;
  return [
    ...names.map((table) => `DROP TABLE data.${quoteName(table)}`),
    `DELETE FROM meta.tables ${where}`,
    `DELETE FROM meta.slices ${where}`,
  ];
}

export function forgetSources(ids: readonly number[]): string[] {
  const list = ids.join(', ');
  return [
    `DELETE FROM meta.sources WHERE id IN (${list})`,
    `DELETE FROM meta.gaps WHERE source IN (${list})`,
  ];
}

export function forgetProbe({ uid }: ProbeState): string[] {
  return ['meta.probes WHERE uid', 'meta.points WHERE probe_uid'].map(
    (from) => `DELETE FROM ${from} = ${quoteText(uid)}`,
  );
}

/** The views of a probe that are there now: meta.views. */
export type Views = ReadonlyMap<string, readonly string[]>;

/**
 * Makes a probe's views anew; only the current probe of a name has any.
 *
 * @param before names of its views
 * @returns statements, those that take names away before those of all probes that give them; and the names it has then
 */
export function replaceViews(
  probe: ProbeState,
  before: readonly string[],
): { drop: string[]; make: string[]; names: string[] } {
  const make: string[] = [];
  const names: string[] = [];
  const points = probe.current ? [...probe.points.values()] : [];
  for (const { point, name, columns } of points) {
    const tables = probe.slices.flatMap(({ slice, tables: all }) =>
      all
        .filter((table) => table.point === point)
        .map(({ ordinal, columns: stored }) => ({
          probeUid: probe.uid,
          slice,
          point,
          ordinal,
          columns: stored,
        })),
    );
    for (const view of viewNames(probe.name, name, points.length === 1)) {
      names.push(view);
      make.push(
        createEventView(view, tables, columns),
        `INSERT INTO meta.views VALUES (${quoteText(view)}, ${quoteText(probe.uid)}, ${quoteText(probe.name)}, ${point},
           ${quoteText(name)})`,
      );
    }
  }
  const gone = before.filter((name) => !names.includes(name));
  return {
    drop: [
      `DELETE FROM meta.views WHERE probe_uid = ${quoteText(probe.uid)}`,
      ...gone.map((name) => `DROP VIEW IF EXISTS events.${quoteName(name)}`),
    ],
    make,
    names,
  };
}
