/** What can be listed. */
export const listKinds = ['builtins', 'tracepoints', 'syscalls', 'functions'] as const;
export type ListKind = (typeof listKinds)[number];
