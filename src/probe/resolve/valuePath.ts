import type { FilterPath } from '../cel/scope.ts';

/** A value path such as args.iov[0].base, in parts, and where each begins (UTF-16 code units from 0). */
export interface ValuePath {
  parts: FilterPath;
  offsets: number[];
}

/**
 * Splits a value path. The schema has checked its spelling; anything else is undefined here.
 */
export function parseValuePath(text: string): ValuePath | undefined {
  const first = /^[A-Za-z_]\w*/.exec(text)?.[0];
  if (first === undefined) return undefined;
  const parts: [string, ...(string | number)[]] = [first];
  const offsets = [0];
  let at = first.length;
  while (at < text.length) {
    const part = /^(?:\.([A-Za-z_]\w*)|\[(\d{1,6})\])/.exec(text.slice(at));
    if (part === null) return undefined;
    parts.push(part[1] ?? Number(part[2]));
    offsets.push(at + 1);
    at += part[0].length;
  }
  return { parts, offsets };
}

/** The first `count` parts as they are written. */
export function formatValuePath(parts: readonly (string | number)[], count = parts.length): string {
  return parts
    .slice(0, count)
    .map((part, index) => (typeof part === 'number' ? `[${String(part)}]` : index === 0 ? part : `.${part}`))
    .join('');
}
