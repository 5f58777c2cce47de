import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { Row } from '../../codec/rowsOf.ts';
import { quoteText } from './escapeText.ts';
import { jsonValue } from './jsonValue.ts';
import { namedValue, type EventFormat, type ShownPoint } from './shownEvent.ts';

/** Name and JSON of something that is shown of an event. */
export type EventEntry = readonly [name: string, json: string];

/** A format of which every event is a document of its own, with the names of its values in it. */
export abstract class EventDocuments implements EventFormat {
  readonly #node: string;

  /** @param node name of this machine */
  constructor(node: string) {
    this.#node = node;
  }

  rows(point: ShownPoint, rows: readonly Row[]): string {
    return rows.map((row) => this.document(eventEntries(point, row, this.#node))).join('');
  }

  /** The text of one event, with its line end. */
  protected abstract document(entries: readonly EventEntry[]): string;
}

/** Everything that is shown of an event, in order; `truncated` when values were cut at their maximum: how many. */
function eventEntries(point: ShownPoint, row: Row, node: string): EventEntry[] {
  const { fields, time, pid, tid, ppid, uid, gid, comm, context, truncated } = row;
  return [
    ['time', `"${formatRfc3339(time)}"`],
    ['probe', quoteText(point.probe)],
    ['point', quoteText(point.point)],
    ['node', quoteText(node)],
    ...Object.entries({ pid, tid, ppid, uid, gid }).map(([name, id]): EventEntry => [name, String(id)]),
    ['comm', quoteText(comm)],
    ['context', quoteText(context)],
    ...point.columns.map((column): EventEntry => [
      column.name,
      jsonValue(namedValue(column, fields[column.name] ?? null)),
    ]),
    ...(truncated > 0 ? [['truncated', String(truncated)] as EventEntry] : []),
  ];
}
