import { Store } from '../store.ts';
import { frameOf } from './frames.ts';

/*
 * Adds frames of 100 events to the store argv[2] from frame argv[3] on, until it is killed. Says on standard output, a
 * line each: "stored <events> <distinct> <next>" of what it found, and "acked <frame>" for each frame committed.
 */
const [, , path = '', first = '1'] = process.argv;
const rowsPerFrame = 100;
const store = await Store.open({
  path,
  threads: 1,
  memoryLimit: 2 ** 27,
  commitMs: 1,
  walBytes: 200_000,
  diskReserve: 0,
});

{
  await using reader = await store.openReader();
  // Not the view, which joins dictionaries: each life made a slice.
  const tables = await reader.rows('SELECT table_name FROM meta.tables');
  const selects = tables.map(({ table_name: name }) => `SELECT c0 AS n FROM data."${String(name)}"`);
  const [row] =
    tables.length === 0
      ? []
      : await reader.rows(
          `SELECT count(*) AS c, count(DISTINCT n) AS d, coalesce(max(n) + 1, 0) AS e
           FROM (${selects.join(' UNION ALL ')})`,
        );
  process.stdout.write(
    `stored ${String(row?.['c'] ?? 0)} ${String(row?.['d'] ?? 0)} ${String(row?.['e'] ?? 0)}\n`,
  );
}

const added = new Set<Promise<void>>();
for (let number = Number(first); ; number++) {
  const acked = store
    .add(frameOf(number, [{ first: rowsPerFrame * (number - 1), rows: rowsPerFrame }]))
    .then(() => {
      process.stdout.write(`acked ${number}\n`);
      added.delete(acked);
    });
  added.add(acked);
  if (added.size >= 8) await Promise.race(added);
}
