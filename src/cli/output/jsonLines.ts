import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { Row, RowValue } from '../../codec/rowsOf.ts';
import { quoteText } from './escapeText.ts';
import { namedValue, type EventFormat, type ShownPoint } from './shownEvent.ts';

/** A value as JSON: bytes as base64, integers beyond 2^53 as strings, null for what could not be read. */
export function jsonValue(value: RowValue): string {
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  return JSON.stringify(value);
}

/**
 * Name and JSON of everything that is shown of an event, in order.
 * @param node name of this machine
 */
export function eventEntries(point: ShownPoint, row: Row, node: string): [name: string, json: string][] {
  const { fields, time, pid, tid, ppid, uid, gid, comm, context, truncated } = row;
  return [
    ['time', `"${formatRfc3339(time)}"`],
    ['probe', quoteText(point.probe)],
    ['point', quoteText(point.point)],
    ['node', quoteText(node)],
    ...Object.entries({ pid, tid, ppid, uid, gid }).map(([name, id]): [string, string] => [name, String(id)]),
    ['comm', quoteText(comm)],
    ['context', quoteText(context)],
    ...point.columns.map((column): [string, string] => [
      column.name,
      jsonValue(namedValue(column, fields[column.name] ?? null)),
    ]),
    ...(truncated > 0 ? [['truncated', String(truncated)] as [string, string]] : []),
  ];
}

/** One JSON object a line. `truncated` is there when values were cut at their maximum: how many. */
export class JsonLines implements EventFormat {
  readonly #node: string;

  constructor(node: string) {
    this.#node = node;
  }

  rows(point: ShownPoint, rows: readonly Row[]): string {
    let text = '';
    for (const row of rows) {
      const entries = eventEntries(point, row, this.#node);
      text += `{${entries.map(([name, json]) => `${quoteText(name)}:${json}`).join(',')}}\n`;
    }
    return text;
  }
}
