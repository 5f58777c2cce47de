import { inspect } from 'node:util';

const longest = 64; // characters

/** A value as a refusal of an argument shows it: on one line, short, strings in double quotes. */
export function describeValue(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : inspect(value, { depth: 0, breakLength: Infinity }).replaceAll(/\s+/g, ' ');
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
