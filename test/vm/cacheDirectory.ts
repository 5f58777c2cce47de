import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where kernels, Kubernetes and package lists are kept between runs, outside the repository: $TRACEPROBE_CACHE, or the
 * user's cache directory.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment['TRACEPROBE_CACHE'];
  if (chosen) return resolve(chosen);
  return join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'traceprobe');
}
