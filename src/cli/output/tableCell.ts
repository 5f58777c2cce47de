import { constants } from 'node:os';
import type { RowValue } from '../../codec/rowsOf.ts';
import type { ColumnPlan } from '../../probe/plan.ts';
import { escapeText } from './escapeText.ts';
import { formatNanoseconds } from './formatNanoseconds.ts';
import { namedValue } from './shownEvent.ts';

const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [-number, `-${name}`]));

/**
 * A captured value for a person; '-' for what could not be read or is not there. Safe on a terminal.
 * @param isResult of a system call: -2 is shown as -ENOENT
 */
export function tableCell(column: ColumnPlan, value: RowValue, isResult = false): string {
  if (value === null) return '-';
  if (isResult && typeof value === 'number') return errnoNames.get(value) ?? String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const named = namedValue(column, value);
  if (typeof named === 'string') return escapeText(named);
  if (column.type === 'Duration' && typeof named !== 'boolean') return formatNanoseconds(named as number);
  return String(named);
}

/** The time of day here, with microseconds: 14:03:59.123456. */
export function tableTime(nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const two = (value: number): string => String(value).padStart(2, '0');
  const fraction = String((nanoseconds / 1000n) % 1_000_000n).padStart(6, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
}
