import type { Batch, BatchColumn } from '../../codec/decodeBatch.ts';
import { builtinColumns } from '../../codec/decodeBatch.ts';
import { columnBuffer, FixedBuffer, type ColumnBuffer } from './columnBuffer.ts';
import type { ColumnWriter } from './appendRows.ts';
import type { BlockPool } from './blockPool.ts';
import { eventColumns, type StoredColumn, type TableColumn } from './layout.ts';
import type { SliceDictionary, SliceWorkloads } from './sliceDictionary.ts';
import type { RowRange } from './watermark.ts';

/** What became of the strings of a column of codes. */
export interface CodeStatistics {
  rows: number;
  /** Strings that the slice had not seen before. */
  added: number;
}

/** Events of one table that are not written yet, by column. */
export class TableBuffer {
  #rows = 0;
  readonly #columns: { column: TableColumn; buffer: ColumnBuffer }[];

  constructor(columns: readonly StoredColumn[], pool: BlockPool) {
    this.#columns = eventColumns(columns).map((column) => ({
      column,
      buffer: columnBuffer(column.sqlType, pool),
    }));
  }

  get rows(): number {
    return this.#rows;
  }

  get columns(): readonly ColumnWriter[] {
    return this.#columns.map(({ buffer }) => buffer);
  }

  /**
   * Adds rows of a batch.
   *
   * @param source meta.sources.id
   * @param statistics by name of the point's columns of codes
   */
  add(
    batch: Batch,
    range: RowRange,
    source: number,
    dictionary: SliceDictionary,
    workloads: SliceWorkloads,
    statistics: Map<string, CodeStatistics>,
  ): void {
    const at = this.#rows;
    const rows = range.to - range.from;
    for (const { column, buffer } of this.#columns) {
      const { column: name, field, kind } = column;
      if (field === undefined) {
        const fixed = buffer as FixedBuffer;
        if (name === 'source') fixed.addConstant(at, source, rows);
        else fixed.addSequence(at, batch.firstSequence + BigInt(range.from), rows);
        continue;
      }
      const values = batch.columns.get(field);
      if (values === undefined) {
        addMissing(buffer, name, at, rows);
      } else if (field === builtinColumns.workload) {
        buffer.add(at, values, range, workloads.codesOf(batch.workloads));
      } else if (kind === 'code') {
        const before = dictionary.size;
        buffer.add(at, values, range, codesOf(values, dictionary));
        const counted = statistics.get(name) ?? { rows: 0, added: 0 };
        statistics.set(name, { rows: counted.rows + rows, added: counted.added + dictionary.size - before });
      } else {
        buffer.add(at, values, range, undefined);
      }
    }
    this.#rows += rows;
  }

  /** Gives its memory back, once it is written. */
  release(): void {
    for (const { buffer } of this.#columns) buffer.release();
  }
}

/** Left out of a batch: no workload in any row, nothing truncated; else not known. */
function addMissing(buffer: ColumnBuffer, name: string, at: number, rows: number): void {
  if (name === 'workload' || name === 'truncated') (buffer as FixedBuffer).addConstant(at, 0, rows);
  else buffer.addNulls(at, rows);
}

function codesOf(column: BatchColumn, dictionary: SliceDictionary): Uint32Array {
  return 'codes' in column ? dictionary.codesOf(column.dictionary) : new Uint32Array();
}
