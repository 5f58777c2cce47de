import type { Row, RowValue } from '../../codec/rowsOf.ts';
import type { ColumnPlan, PointPlan, ProbePlan } from '../../probe/plan.ts';

/** Events of one point, to be shown one after another. */
export interface ShownPoint {
  /** Name of the probe. */
  probe: string;
  /** Name of the point in it. */
  point: string;
  /** The point's own columns, without those that only the filter needs. */
  columns: readonly ColumnPlan[];
  /** Names of those that are the result of a system call: -errno when it failed. */
  results: ReadonlySet<string>;
  /** Most bytes that are recorded of a string or buffer, by the column's name. */
  maxBytes?: ReadonlyMap<string, number>;
}

export function shownPoint(probe: Pick<ProbePlan, 'name'>, point: PointPlan): ShownPoint {
  const columns = point.columns.filter(({ visible }) => visible);
  const isResult = ({ field }: ColumnPlan): boolean => point.fields[field]?.value.source === 'return';
  const ofSyscall = /^k?syscall\//.test(point.attach);
  const results = new Set(ofSyscall ? columns.filter(isResult).map(({ name }) => name) : []);
  const maxBytes = new Map(
    columns.flatMap(({ name, field }): [string, number][] => {
      const plan = point.fields[field];
      return plan === undefined || plan.maxBytes === 0 ? [] : [[name, plan.maxBytes]];
    }),
  );
  return { probe: probe.name, point: point.name, columns, results, maxBytes };
}

/** A captured value with the name that an enum or a set of constants gives it, where it has one. */
export function namedValue(column: ColumnPlan, value: RowValue): RowValue {
  if (column.enumNames === undefined || (typeof value !== 'number' && typeof value !== 'bigint'))
    return value;
  return Object.hasOwn(column.enumNames, String(value)) ? (column.enumNames[String(value)] ?? value) : value;
}

/** Turns events into text; each format is one of these. Nothing is written here. */
export interface EventFormat {
  /** The rows, and before them whatever has to go before rows of this point. */
  rows(point: ShownPoint, rows: readonly Row[]): string;
}
