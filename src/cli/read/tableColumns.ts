/** What every event has, and a table has no room for unless it is asked for; JSON and CSV show it. */
export const crowdedColumns: ReadonlySet<string> = new Set([
  'tid',
  'ppid',
  'uid',
  'gid',
  'context',
  'k8s.namespace',
  'k8s.container',
  'truncated',
]);
