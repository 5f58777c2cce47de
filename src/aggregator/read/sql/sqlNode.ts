/** A node of what json_serialize_sql() makes of a statement. */
export type Node = Readonly<Record<string, unknown>>;

/** A value of a node that is to be a string; empty: it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
