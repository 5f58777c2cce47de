import type { BatchWorkload } from '../../codec/decodeBatch.ts';
import type { BlockPool } from './blockPool.ts';
import type { OpenSlice, ProbeState, SliceState, TableState } from './catalog.ts';
import { dictionaryTable, eventTable, workloadTable, type SliceName } from './layout.ts';
import type { SourceState } from './sources.ts';
import { TableBuffer } from './tableBuffer.ts';

/** What goes into the store with the next transaction, all of it or nothing. */
export class PendingCommit {
  /** In this order, before any rows. */
  readonly statements: string[] = [];
  readonly newSources: SourceState[] = [];
  /** Whose counts or gaps have changed. */
  readonly changed = new Set<SourceState>();
  readonly accounts = new Set<SourceState>();
  readonly gaps = new Set<SourceState>();
  readonly forgotten: SourceState[] = [];
  /** Whose views have to be made anew. */
  readonly views = new Set<ProbeState>();
  readonly tables = new Map<string, TableBuffer>();
  readonly strings: { table: string; firstCode: number; values: string[] }[] = [];
  readonly workloads: { table: string; firstCode: number; values: BatchWorkload[] }[] = [];
  /** Slices that got rows, and whose. */
  readonly slices = new Map<SliceState, ProbeState>();
  frames = 0;
  rows = 0;

  readonly #pool: BlockPool;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  isEmpty(): boolean {
    return (
      this.frames === 0 && this.statements.length === 0 && this.changed.size === 0 && this.views.size === 0
    );
  }

  buffer(slice: SliceName, { point, ordinal, columns }: TableState): TableBuffer {
    const name = eventTable(slice, point, ordinal);
    let buffer = this.tables.get(name);
    if (buffer === undefined) this.tables.set(name, (buffer = new TableBuffer(columns, this.#pool)));
    return buffer;
  }

  /** Gives the memory of its rows back, once they are written. */
  release(): void {
    for (const table of this.tables.values()) table.release();
    this.tables.clear();
  }

  /** Takes the strings and workloads that slices were given. */
  takeStrings(): void {
    for (const [slice, probe] of this.slices) {
      if (probe.open?.state === slice) this.takeStringsOf(probe, probe.open);
    }
  }

  takeStringsOf(probe: ProbeState, { state, dictionary, workloads }: OpenSlice): void {
    const name = { probeUid: probe.uid, slice: state.slice };
    this.strings.push({ table: dictionaryTable(name), ...dictionary.takeAdded() });
    this.workloads.push({ table: workloadTable(name), ...workloads.takeAdded() });
  }
}
