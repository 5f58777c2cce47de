/** A node of what json_serialize_sql() makes of a statement. */
export type Node = Readonly<Record<string, unknown>>;

/** A value of a node that is to be a string; empty: it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * A name as DuckDB compares it: of ASCII letters alone the case is no matter. What Unicode folds besides (the Kelvin sign
 * to k) are other names there, and must not pass for them here.
 */
export function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
