import { CONTEXTS } from '../../probe/contexts.ts';

/** SQL: the name of the context that a column has as a number. */
export function contextSql(column: string): string {
  const names = CONTEXTS.map((name, number) => `WHEN ${number} THEN '${name}'`);
  return `CASE ${column} ${names.join(' ')} END`;
}
