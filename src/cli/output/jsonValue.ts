import type { RowValue } from '../../codec/rowsOf.ts';
import { quoteText } from './escapeText.ts';

/** A value as JSON: bytes as base64, integers beyond 2^53 as strings, null for what could not be read. */
export function jsonValue(value: RowValue): string {
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  return JSON.stringify(value);
}
