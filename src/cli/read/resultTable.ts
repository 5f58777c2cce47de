import { formatRfc3339 } from '../../codec/rfc3339.ts';
import type { RowValue } from '../../codec/rowsOf.ts';
import type { ResultColumn } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { cutToWidth, displayWidth } from '../output/displayWidth.ts';
import { escapeText } from '../output/escapeText.ts';
import { fitWidths, type FittedColumn } from '../output/fitWidths.ts';
import { formatNanoseconds } from '../output/formatNanoseconds.ts';
import { tableTime } from '../output/tableCell.ts';
import { enumName, type ResultFormat, type ResultFormatOptions } from './resultFormat.ts';

interface TableColumn extends FittedColumn {
  index: number;
  column: ResultColumn;
  right: boolean;
}

const numbers: readonly string[] = ['Int64', 'Uint64', 'Float64', 'Duration'];

/** Rows in columns that keep their place; widths grow when a value needs it. */
export class ResultTable implements ResultFormat {
  readonly #options: ResultFormatOptions;
  #columns: TableColumn[] = [];
  #heading: string[] = [];

  constructor(options: ResultFormatOptions) {
    this.#options = options;
  }

  header(columns: readonly ResultColumn[], title: string): string {
    const { hidden = new Set() } = this.#options;
    this.#columns = columns.flatMap((column, index): TableColumn[] => {
      if (hidden.has(column.name)) return [];
      const right = numbers.includes(column.type) && Object.keys(column.enumNames).length === 0;
      const width = displayWidth(heading(column));
      return [{ index, column, right, text: !right && column.type !== 'Time', width, needed: width }];
    });
    this.#heading = title === '' ? [] : [`── ${escapeText(title)}`];
    // With the first rows, whose widths it takes.
    return '';
  }

  /** The header goes before the first rows, or stands alone when there are none. */
  rows(rows: readonly RowValue[][]): string {
    const cells = rows.map((row) =>
      this.#columns.map(({ column, index }) => this.#cell(column, row[index] ?? null)),
    );
    for (const row of cells) {
      this.#columns.forEach((column, index) => {
        column.needed = Math.max(column.needed, displayWidth(row[index] ?? ''));
        column.width = Math.max(column.width, column.needed);
      });
    }
    const limit = this.#options.output.columns;
    const widths = fitWidths(this.#columns, limit);
    const lines = cells.map((row) => this.#line(row, widths, limit));
    if (this.#columns.length > 0 && this.#heading[0] !== '') {
      const names = this.#columns.map(({ column }) => heading(column));
      lines.unshift(...this.#heading, this.#line(names, widths, limit));
      this.#heading = [''];
    }
    return lines.map((line) => `${line}\n`).join('');
  }

  #line(cells: readonly string[], widths: readonly number[], limit: number | undefined): string {
    const parts = this.#columns.map(({ right }, index) => {
      const width = widths[index] ?? 0;
      const whole = cells[index] ?? '';
      const cell = limit === undefined ? whole : cutToWidth(whole, width);
      const padding = ' '.repeat(Math.max(0, width - displayWidth(cell)));
      return right ? padding + cell : cell + padding;
    });
    return cutToWidth(parts.join('  ').trimEnd(), limit ?? Infinity);
  }

  #cell({ type, enumNames }: ResultColumn, value: RowValue): string {
    if (value === null) return '-';
    if (typeof value === 'bigint' && type === 'Time') {
      return this.#options.live === true ? tableTime(value) : formatRfc3339(value);
    }
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    const named = enumName(enumNames, value) ?? value;
    if (typeof named === 'string') return escapeText(named);
    if (type === 'Duration' && typeof named !== 'boolean') return formatNanoseconds(named);
    return String(named);
  }
}

function heading({ name }: ResultColumn): string {
  return escapeText(name).toUpperCase();
}
