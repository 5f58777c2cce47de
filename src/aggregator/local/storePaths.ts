import { join } from 'node:path';

/** What is in a store's directory. */
export interface StorePaths {
  directory: string;
  /** The events, in DuckDB's format. */
  file: string;
  /** Where the process that has the store open answers its owner. */
  socket: string;
}

export function storePaths(directory: string): StorePaths {
  return { directory, file: join(directory, 'store.duckdb'), socket: join(directory, 'events.sock') };
}
