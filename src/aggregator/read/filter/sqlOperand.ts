import type { FilterOperand } from '../../../probe/cel/scope.ts';

/** Values that lie behind a code: a row of `from` has them all. `l` is its name in SQL. */
export interface Lookup {
  /** The column of codes of the event. */
  code: string;
  from: string;
  /** The column of `from` that has the code. */
  key: string;
  /** The code of an event that has none of these values: they are empty strings then. NULL could not be read. */
  none: number | undefined;
}

/** Where a table of events has a value. */
export interface SqlOperand {
  /** Over the event `e`, or over the row `l` of `lookup`. */
  sql: string;
  lookup: Lookup | undefined;
}

/** Where a table has what a filter looks at. */
export type OperandsInSql = (operand: FilterOperand) => SqlOperand;
