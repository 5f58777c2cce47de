import type { FieldPath } from './fieldPath.ts';

/** A place in a file (or another source of a probe, such as a command-line option), counted from 1. */
export interface Position {
  /** Name of the file, or what else the text is from. */
  source: string;
  line?: number;
  /** In UTF-16 code units. */
  column?: number;
}

/**
 * Where the value at `path` stands, or the nearest enclosing one if there is none. With 'key', where its key stands. With
 * a number, where that UTF-16 code unit of a string stands, as exactly as its quoting allows: for pointing into a filter.
 */
export type Locate = (path: FieldPath, part?: 'key' | number) => Position;

/** file:line:column, as compilers and editors spell it. */
export function formatPosition({ source, line, column }: Position): string {
  return [source, line, column].filter((part) => part !== undefined).join(':');
}
