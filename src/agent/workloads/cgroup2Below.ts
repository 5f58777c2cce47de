import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The cgroup v2 tree below a directory where a node's /sys/fs/cgroup is mounted: the directory itself, or `unified` in it
 * on hybrid nodes (the name that systemd gives it).
 *
 * @throws Error when there is none
 */
export function cgroup2Below(directory: string): string {
  const found = [directory, join(directory, 'unified')].find((path) =>
    existsSync(join(path, 'cgroup.controllers')),
  );
  if (found === undefined) {
    throw new Error(
      `${directory} holds no cgroup v2 tree (no cgroup.controllers in it or in its directory unified); ` +
        "mount the node's /sys/fs/cgroup there",
    );
  }
  return found;
}
