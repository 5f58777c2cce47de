import type { CodeStatistics } from './tableBuffer.ts';
import { SliceDictionary, SliceWorkloads } from './sliceDictionary.ts';
import type { StoredColumn } from './layout.ts';

/** A table of a slice. */
export interface TableState {
  point: number;
  ordinal: number;
  shape: string;
  columns: readonly StoredColumn[];
}

/** One slice of one probe. */
export interface SliceState {
  slice: number;
  /** ms since the Unix epoch. */
  opened: number;
  closed: number | undefined;
  /** Used blocks at the last checkpoint. */
  bytes: number;
  tables: TableState[];
}

/** What only the slice has that rows are added to. */
export interface OpenSlice {
  state: SliceState;
  dictionary: SliceDictionary;
  workloads: SliceWorkloads;
  /** The table of each point and shape, and how new its strings are. */
  current: Map<string, CurrentTable>;
  /** About what was written since the last checkpoint, in bytes. */
  unflushed: number;
}

export interface CurrentTable {
  table: TableState;
  /** By name of the table's column. */
  statistics: Map<string, CodeStatistics>;
}

export interface PointState {
  point: number;
  name: string;
  /** Of the newest description. */
  generation: bigint;
  columns: readonly StoredColumn[];
}

export interface ProbeState {
  uid: string;
  name: string;
  /** Its name means this one: the probe of this name that was seen first last. */
  current: boolean;
  maxAgeMs: number;
  /** 0: only the store's own limit. */
  maxBytes: number;
  /** ms since the Unix epoch: the TraceProbe was gone. */
  deleted: number | undefined;
  points: Map<number, PointState>;
  /** Oldest first. */
  slices: SliceState[];
  open: OpenSlice | undefined;
  nextSlice: number;
  /** "point/column" of columns of strings in which most are new. */
  asText: ReadonlySet<string>;
}

/** A slice that rows can be added to. */
export function openSlice(probe: ProbeState, now: number): OpenSlice {
  const state: SliceState = {
    slice: probe.nextSlice++,
    opened: now,
    closed: undefined,
    bytes: 0,
    tables: [],
  };
  probe.slices.push(state);
  probe.open = {
    state,
    dictionary: new SliceDictionary(),
    workloads: new SliceWorkloads(),
    current: new Map(),
    unflushed: 0,
  };
  return probe.open;
}

/** About what a slice takes in the file. */
export function sliceBytes(probe: ProbeState, slice: SliceState): number {
  return slice.bytes + (probe.open?.state === slice ? probe.open.unflushed : 0);
}
