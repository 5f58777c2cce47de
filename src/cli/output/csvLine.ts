import type { RowValue } from '../../codec/rowsOf.ts';
import { escapeText } from './escapeText.ts';

/**
 * A line of RFC 4180, with its CRLF. Null is empty, an empty string is "".
 *
 * @param forTerminal control characters are made visible; false for files, which keep values as they are
 */
export function csvLine(values: readonly RowValue[], forTerminal: boolean): string {
  return `${values.map((value) => cell(value, forTerminal)).join(',')}\r\n`;
}

function cell(value: RowValue, forTerminal: boolean): string {
  if (value === null) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'string') return String(value);
  const text = forTerminal ? escapeText(value) : value;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
