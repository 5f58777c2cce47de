import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { storePaths, type StorePaths } from '../../aggregator/local/storePaths.ts';

/**
 * Where the store of this machine's runs is.
 *
 * @param directory as the command line says; undefined: below XDG_STATE_HOME, for root in /var/lib/traceprobe
 */
export function storeDirectory(directory: string | undefined, environment: NodeJS.ProcessEnv): StorePaths {
  return storePaths(resolve(directory ?? defaultDirectory(environment)));
}

function defaultDirectory({ XDG_STATE_HOME: state = '' }: NodeJS.ProcessEnv): string {
  // By the XDG Base Directory Specification a relative one is to be ignored.
  if (state.startsWith('/')) return join(state, 'traceprobe');
  return process.getuid?.() === 0 ? '/var/lib/traceprobe/store' : join(homedir(), '.local/state/traceprobe');
}
