import type { TraceProbeBuiltin } from '../../api/index.ts';

/** The built-in probes (spec.builtin.name), in a sentence each. */
export const builtins: Readonly<Record<TraceProbeBuiltin['name'], string>> = {
  processes: 'every program that is run, with all its arguments, and how every process ends',
};
