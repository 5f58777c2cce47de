import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { RowValue } from '../../codec/rowsOf.ts';
import type { ResultColumn } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { csvLine } from '../output/csvLine.ts';
import { quoteText } from '../output/escapeText.ts';
import { jsonValue } from '../output/jsonValue.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import type { TextOutput } from '../output/textOutput.ts';
import { ResultTable } from './resultTable.ts';

/** Turns a result into text; nothing is written here. */
export interface ResultFormat {
  /** The columns of the rows that follow; again when they change. */
  header(columns: readonly ResultColumn[], title: string): string;
  rows(rows: readonly RowValue[][]): string;
}

export interface ResultFormatOptions {
  output: TextOutput;
  /** Columns that a table does not show: there is not room for everything that every event has. */
  hidden?: ReadonlySet<string>;
  /** Events as they happen: their time of day is enough. */
  live?: boolean;
}

export function resultFormat(name: OutputFormat, options: ResultFormatOptions): ResultFormat {
  switch (name) {
    case 'json':
      return new Documents(
        (entries) => `{${entries.map(([key, json]) => `${quoteText(key)}:${json}`).join(',')}}\n`,
      );
    case 'yaml':
      return new Documents(
        (entries) => `---\n${entries.map(([key, json]) => `${quoteText(key)}: ${json}\n`).join('')}`,
      );
    case 'csv':
      return new CsvResult(options.output.isTerminal);
    case 'table':
      return new ResultTable(options);
  }
}

/** A value as programs get it: times in RFC 3339, enums by their names. */
function plainValue({ type, enumNames }: ResultColumn, value: RowValue): RowValue {
  if (type === 'Time' && typeof value === 'bigint') return formatRfc3339(value);
  return enumName(enumNames, value) ?? value;
}

/** What an enum calls a value. */
export function enumName(names: Readonly<Record<string, string>>, value: RowValue): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return Object.hasOwn(names, String(value)) ? names[String(value)] : undefined;
}

/** Each row a document with the names of its values. */
class Documents implements ResultFormat {
  readonly #document: (entries: readonly (readonly [string, string])[]) => string;
  #columns: readonly ResultColumn[] = [];
  #entries: readonly (readonly [string, string])[] = [];

  constructor(document: (entries: readonly (readonly [string, string])[]) => string) {
    this.#document = document;
  }

  header(columns: readonly ResultColumn[], title: string): string {
    const [probe, point] = title.split('/');
    this.#columns = columns;
    // Watching shows several points, whose rows must tell which they are of.
    this.#entries =
      point === undefined
        ? []
        : [
            ['probe', quoteText(probe ?? '')],
            ['point', quoteText(point)],
          ];
    return '';
  }

  rows(rows: readonly RowValue[][]): string {
    return rows
      .map((row) =>
        this.#document([
          ...this.#entries,
          ...this.#columns.map((column, index): [string, string] => [
            column.name,
            jsonValue(plainValue(column, row[index] ?? null)),
          ]),
        ]),
      )
      .join('');
  }
}

class CsvResult implements ResultFormat {
  readonly #forTerminal: boolean;
  #columns: readonly ResultColumn[] = [];
  #title: readonly string[] = [];

  constructor(forTerminal: boolean) {
    this.#forTerminal = forTerminal;
  }

  header(columns: readonly ResultColumn[], title: string): string {
    this.#columns = columns;
    this.#title = title === '' ? [] : title.split('/');
    const names = columns.map(({ name }) => name);
    return csvLine([...(title === '' ? [] : ['probe', 'point']), ...names], this.#forTerminal);
  }

  rows(rows: readonly RowValue[][]): string {
    return rows
      .map((row) => {
        const values = this.#columns.map((column, index) => plainValue(column, row[index] ?? null));
        return csvLine([...this.#title, ...values], this.#forTerminal);
      })
      .join('');
  }
}
