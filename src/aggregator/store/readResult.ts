/** A column of a result; see ResultColumn in read.proto. */
export interface ReadColumn {
  name: string;
  /** Text: what has no type of its own here (lists, structures, decimals, wide integers), as DuckDB writes it. */
  type: 'Bool' | 'Int64' | 'Uint64' | 'Float64' | 'Time' | 'String' | 'Bytes' | 'Text';
  /** As DuckDB names it, e.g. UINTEGER, STRUCT("namespace" VARCHAR, …). */
  sqlType: string;
}

/** Values of a column in some rows: as ResultValues in read.proto has them. */
export interface ReadValues {
  /** Bit (row % 8) of byte (row / 8): NULL. Empty: none is. */
  nulls: Uint8Array;
  /** Bool: a byte a row. Int64, Uint64, Float64, Time (ns): eight bytes a row, little-endian. Else one after another. */
  values: Uint8Array;
  /** Where each ends in `values`, four bytes a row; empty for what has a fixed size. */
  ends: Uint8Array;
}

/** Some rows of a result, at most 2,048. */
export interface ReadChunk {
  rows: number;
  columns: ReadValues[];
}

/** A result that comes in chunks as they are asked for. Leaving the loop early ends the statement. */
export interface ReadResult {
  columns: ReadColumn[];
  chunks: AsyncIterable<ReadChunk>;
}

/** What a parameter of a statement ($1, $2, …) can be; bigints are BIGINT or UBIGINT, numbers DOUBLE. */
export type ReadParameter = string | bigint | number | boolean | null;

/**
 * One snapshot of the store: what was committed when it was opened, slices included that are dropped meanwhile. Blocks
 * that it can see are not used again before it is closed: keep it short. One statement at a time.
 */
export interface StoreReader extends AsyncDisposable {
  /**
   * Runs one statement that reads.
   *
   * @throws StoreError as DuckDB words it; `interrupted` when interrupt() was called; `memory` when there is not enough
   */
  read(sql: string, parameters?: readonly ReadParameter[]): Promise<ReadResult>;
  /** The whole result of a small statement, a record a row; integers are bigints, Time is ns, Bool is boolean. */
  rows(sql: string, parameters?: readonly ReadParameter[]): Promise<Record<string, ReadValue>[]>;
  /** Ends the statement that runs, if one does; its read() or its next chunk fails. */
  interrupt(): void;
  /** Ends everything of this reader. */
  close(): Promise<void>;
}

export type ReadValue = string | bigint | number | boolean | Uint8Array | null;
