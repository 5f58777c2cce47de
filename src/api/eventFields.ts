/** Fields that every event has, as filters, JSON and SQL spell them; names of captured fields must differ. */
export const eventFields = [
  ...(['time', 'node', 'pid', 'tid', 'ppid', 'uid', 'gid', 'comm', 'context'] as const),
  ...(['k8s.namespace', 'k8s.pod', 'k8s.container'] as const),
] as const;

export type EventField = (typeof eventFields)[number];

/** Names that a captured field cannot have: the first part of an event field, and columns of every table. */
export const reservedNames: readonly string[] = [
  ...new Set(eventFields.map((field) => field.replace(/\..*/, ''))),
  'point',
  'probe',
];

/** Reserved words of CEL (language definition, "Syntax"): no filter could name a field so. */
export const celReservedWords: readonly string[] = [
  ...[
    'as',
    'break',
    'const',
    'continue',
    'else',
    'false',
    'for',
    'function',
    'if',
    'import',
    'in',
    'let',
    'loop',
  ],
  ...['namespace', 'null', 'package', 'return', 'true', 'var', 'void', 'while'],
];
