import type { Row } from '../../codec/rowsOf.ts';
import type { ColumnType } from '../../probe/plan.ts';
import { cutToWidth, displayWidth } from './displayWidth.ts';
import { cutColumns } from './cutColumns.ts';
import { escapeText } from './escapeText.ts';
import { fitWidths, type FittedColumn } from './fitWidths.ts';
import type { EventFormat, ShownPoint } from './shownEvent.ts';
import { tableCell, tableTime } from './tableCell.ts';

export interface TableOptions {
  /** Columns of the terminal at this moment; undefined: as wide as the values are. */
  terminalColumns: () => number | undefined;
  colours: boolean;
  /** Events of several points come mixed: headers say which one follows. */
  several: boolean;
}

interface Column extends FittedColumn {
  header: string;
  right: boolean;
}

/** Widths to begin with, so that the first events do not decide them. */
const startWidth: Partial<Record<ColumnType, number>> = { Duration: 7, Ip: 15, String: 16, Path: 24 };
const commWidth = 15;
const pidWidth = 7;

/** After so many rows the header is repeated. */
const rowsPerHeader = 40;

/** Events in columns that keep their place while more come in; widths grow when a value needs it. */
export class EventTable implements EventFormat {
  readonly #options: TableOptions;
  readonly #layouts = new Map<string, Column[]>();
  #current: string | undefined;
  #rowsSinceHeader = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  rows(point: ShownPoint, rows: readonly Row[]): string {
    const key = [point.probe, point.point, ...point.columns.map(({ name }) => name)].join('/');
    let columns = this.#layouts.get(key);
    if (columns === undefined) this.#layouts.set(key, (columns = layout(point)));
    const cells = rows.map((row) => cellsOf(point, row));
    for (const row of cells) {
      row.forEach((cell, index) => {
        const column = columns[index];
        if (column === undefined) return;
        column.needed = Math.max(column.needed, displayWidth(cell));
        column.width = Math.max(column.width, column.needed);
      });
    }
    const limit = this.#options.terminalColumns();
    const widths = fitWidths(columns, limit);
    const lines = cells.flatMap((row) => {
      const header = this.#headerDue(key, limit) ? this.#header(point, columns, widths, limit) : [];
      this.#rowsSinceHeader++;
      return [...header, this.#line(columns, widths, row, limit, true)];
    });
    return lines.map((line) => `${line}\n`).join('');
  }

  /** Before the first row, before another point's rows, and on a terminal once a screen. */
  #headerDue(key: string, limit: number | undefined): boolean {
    const due = this.#current !== key || (limit !== undefined && this.#rowsSinceHeader >= rowsPerHeader);
    if (due) {
      this.#current = key;
      this.#rowsSinceHeader = 0;
    }
    return due;
  }

  #header(point: ShownPoint, columns: Column[], widths: number[], limit: number | undefined): string[] {
    const headers = columns.map(({ header }) => header);
    const line = this.#paint('1', this.#line(columns, widths, headers, limit, false));
    if (!this.#options.several) return [line];
    const name = escapeText(point.point === point.probe ? point.probe : `${point.probe}/${point.point}`);
    return [this.#paint('36', `── ${cutToWidth(name, (limit ?? Infinity) - 3)}`), line];
  }

  #line(
    columns: Column[],
    widths: number[],
    cells: string[],
    limit: number | undefined,
    events: boolean,
  ): string {
    const parts = columns.map(({ right }, index) => {
      const width = widths[index] ?? 0;
      const whole = cells[index] ?? '';
      const cell = limit === undefined ? whole : cutToWidth(whole, width);
      const padding = ' '.repeat(Math.max(0, width - displayWidth(cell)));
      if (right) return padding + cell;
      return index === columns.length - 1 ? cell : cell + padding;
    });
    const line = cutToWidth(parts.join('  ').trimEnd(), limit ?? Infinity);
    const time = parts[0] ?? '';
    return events && line.startsWith(time) ? this.#paint('2', time) + line.slice(time.length) : line;
  }

  #paint(code: string, text: string): string {
    return this.#options.colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

function layout({ columns }: ShownPoint): Column[] {
  const column = (header: string, width: number, text: boolean, right = !text): Column => ({
    header,
    right,
    text,
    needed: displayWidth(header),
    width: Math.max(width, displayWidth(header)),
  });
  return [
    column('TIME', 15, false, false),
    column('PID', pidWidth, false),
    column('COMM', commWidth, true),
    ...columns.map(({ name, type, enumNames }) => {
      const text = ['String', 'Path', 'Bytes', 'Ip'].includes(type) || enumNames !== undefined;
      return column(escapeText(name).toUpperCase(), startWidth[type] ?? 0, text);
    }),
  ];
}

/** In an interrupt the current task is a bystander: it is not shown. */
function cellsOf(point: ShownPoint, row: Row): string[] {
  const { columns, results } = point;
  const { time, pid, comm, context, fields } = row;
  const cut = cutColumns(point, row);
  const who = context === 'task' ? [String(pid), escapeText(comm)] : ['-', `(${context})`];
  return [
    tableTime(time),
    ...who,
    ...columns.map((column) => {
      const cell = tableCell(column, fields[column.name] ?? null, results.has(column.name));
      return cut.has(column.name) ? `${cell}…` : cell;
    }),
  ];
}
