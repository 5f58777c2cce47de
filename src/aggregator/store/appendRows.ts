import duckdb, { type Vector } from '@duckdb/node-bindings';
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  TIMESTAMP_NS,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import type { SqlType } from './layout.ts';

/** What a column of a table is filled with. */
export interface ColumnWriter {
  readonly sqlType: SqlType;
  /** Copies rows to a vector of DuckDB's; `from` is a multiple of 2,048. */
  write(vector: Vector, from: number, rows: number): void;
}

const types: Record<SqlType, DuckDBType> = {
  TIMESTAMP_NS,
  BIGINT,
  UBIGINT,
  DOUBLE,
  UINTEGER,
  USMALLINT,
  BOOLEAN,
  VARCHAR,
  BLOB,
};

/** Rows of a vector: what DuckDB calls STANDARD_VECTOR_SIZE. */
const vectorRows = 2048;

/**
 * Appends whole columns to a table, within the connection's transaction: 2 to 3 million rows of twelve numbers a
 * second, where a call a value makes 0.1.
 *
 * @param table in `schema`, with exactly these columns
 */
export async function appendRows(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  columns: readonly ColumnWriter[],
  rows: number,
): Promise<void> {
  if (rows === 0) return;
  const appender = await connection.createAppender(table, schema);
  try {
    const chunk = DuckDBDataChunk.create(columns.map(({ sqlType }) => types[sqlType]));
    for (let from = 0; from < rows; from += vectorRows) {
      const count = Math.min(vectorRows, rows - from);
      chunk.reset();
      duckdb.data_chunk_set_size(chunk.chunk, count);
      for (const [index, column] of columns.entries()) {
        column.write(duckdb.data_chunk_get_vector(chunk.chunk, index), from, count);
      }
      appender.appendDataChunk(chunk);
    }
  } catch (error) {
    // Else what is in it would be written when it is closed, or when it is collected.
    appender.clear();
    appender.closeSync();
    throw error;
  }
  appender.closeSync();
}

/** A column of an array's values. */
export function fixedColumn(
  sqlType: 'UINTEGER' | 'UBIGINT',
  values: Uint32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
): ColumnWriter {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = values;
  return {
    sqlType,
    write: (vector, from, rows) => {
      duckdb.copy_data_to_vector(vector, 0, buffer, byteOffset + from * width, rows * width);
    },
  };
}

/** A column of strings. */
export function textColumn(values: readonly string[]): ColumnWriter {
  return {
    sqlType: 'VARCHAR',
    write: (vector, from, rows) => {
      for (let row = 0; row < rows; row++) {
        duckdb.vector_assign_string_element_len(vector, row, Buffer.from(values[from + row] ?? ''));
      }
    },
  };
}
