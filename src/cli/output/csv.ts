import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { Row, RowValue } from '../../codec/rowsOf.ts';
import { csvLine } from './csvLine.ts';
import { namedValue, type EventFormat, type ShownPoint } from './shownEvent.ts';

const builtins = [
  'time',
  'probe',
  'point',
  'node',
  'pid',
  'tid',
  'ppid',
  'uid',
  'gid',
  'comm',
  'context',
] as const;

export interface CsvOptions {
  node: string;
  /** Control characters are made visible; false for files, which keep values as they are. */
  forTerminal: boolean;
}

/**
 * RFC 4180: lines end in CRLF, a header before the first event and whenever another point's events follow. Null is
 * empty, an empty string is "". The last column is how many of the row's values were cut at their maximum.
 */
export class Csv implements EventFormat {
  readonly #options: CsvOptions;
  #header: string | undefined;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  rows(point: ShownPoint, rows: readonly Row[]): string {
    const names = point.columns.map(({ name }) => name);
    const header = this.#line([...builtins, ...names, 'truncated']);
    // The same columns of another probe or point need a header as well: they mean something else.
    const block = `${point.probe}/${point.point}/${header}`;
    let text = this.#header === block ? '' : header;
    this.#header = block;
    for (const row of rows) {
      const { time, pid, tid, ppid, uid, gid, comm, context, fields, truncated } = row;
      const all = [formatRfc3339(time), point.probe, point.point, this.#options.node];
      const values = point.columns.map((column) => namedValue(column, fields[column.name] ?? null));
      text += this.#line([...all, pid, tid, ppid, uid, gid, comm, context, ...values, truncated]);
    }
    return text;
  }

  #line(values: readonly RowValue[]): string {
    return csvLine(values, this.#options.forTerminal);
  }
}
