import { createHash } from 'node:crypto';
import { ReaderError } from './readerError.ts';

/** The row that a page ended with: its values in the order of the query (text, null), and who it is. */
export interface PageEnd {
  keys: (string | null)[];
  source: bigint;
  sequence: bigint;
}

/** Names a query: what must be the same on its next page. */
export function fingerprint(values: readonly unknown[]): string {
  const text = JSON.stringify(values, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

export function encodePage(query: string, { keys, source, sequence }: PageEnd): string {
  return Buffer.from(JSON.stringify([query, keys, String(source), String(sequence)])).toString('base64url');
}

/**
 * Whoever makes a token up gets another page of what they may read anyway.
 *
 * @throws ReaderError when it is of another query, or none
 */
export function decodePage(token: string, query: string, keys: number): PageEnd {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw new ReaderError('the page is not one that a query ended with');
  }
  const [name, values, source, sequence] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  const number = /^\d{1,20}$/;
  const wellFormed =
    Array.isArray(values) &&
    values.length === keys &&
    values.every((value) => value === null || typeof value === 'string') &&
    number.test(String(source)) &&
    number.test(String(sequence));
  if (name !== query || !wellFormed) {
    throw new ReaderError('the page is of another query: ask with the same filter, times, order and columns');
  }
  return {
    keys: values as (string | null)[],
    source: BigInt(String(source)),
    sequence: BigInt(String(sequence)),
  };
}
