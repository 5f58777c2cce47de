import { lstatSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { cgroupWorkload } from './cgroupWorkload.ts';

/** How long changes below the kubelet's pods are gathered. */
const settleMilliseconds = 5;
/** A cgroup's id is kept so long after its directory has gone: its last events are still on their way. */
const keptMilliseconds = 60_000;

/**
 * The cgroups of this machine by id, which is the inode of their directory (kernfs, 64 bits). Known after a scan;
 * followed through changes below the kubelet's pods, and through a new scan when somebody asks for an id that is not
 * there.
 */
export class CgroupTree {
  readonly #root: string;
  readonly #onChange: () => void;
  readonly #paths = new Map<bigint, string>();
  readonly #gone = new Map<bigint, number>();
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param root of the hierarchy
   * @param onChange cgroups came or went
   * @throws Error when it cannot be read
   */
  constructor(root: string, onChange: () => void) {
    this.#root = root;
    this.#onChange = onChange;
    readdirSync(root);
    this.scan();
  }

  /** Path from the root by id. */
  get paths(): ReadonlyMap<bigint, string> {
    return this.#paths;
  }

  /**
   * Only a part of the kernel's tree can be seen from here, as in a node that is a container itself: cgroups that are
   * not in it are another node's. The id of the whole tree's root is 1.
   */
  get partial(): boolean {
    return lstatSync(this.#root, { bigint: true }).ino !== 1n;
  }

  /** Reads the whole tree again. */
  scan(): void {
    const found = new Map<bigint, string>();
    this.#visit('/', found);
    const now = performance.now();
    for (const [id, path] of found) {
      this.#paths.set(id, path);
      this.#gone.delete(id);
    }
    for (const id of this.#paths.keys()) {
      if (found.has(id)) continue;
      const since = this.#gone.get(id);
      if (since === undefined) this.#gone.set(id, now);
      else if (now - since > keptMilliseconds) {
        this.#paths.delete(id);
        this.#gone.delete(id);
      }
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #visit(path: string, found: Map<bigint, string>): void {
    const directory = join(this.#root, path);
    try {
      found.set(lstatSync(directory, { bigint: true }).ino, path);
      // Watched before it is read: what comes in between is seen.
      this.#watch(path, directory);
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) this.#visit(join(path, entry.name), found);
      }
    } catch {
      // It has gone meanwhile.
    }
  }

  /** Pods and containers come at these; what containers make below themselves is found when it is asked for. */
  #watch(path: string, directory: string): void {
    if (this.#watchers.has(directory)) return;
    const workload = cgroupWorkload(path);
    if (path !== '/' && (workload === undefined || workload.container !== undefined)) return;
    const watcher = watch(directory, { persistent: false }, () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.scan();
        this.#onChange();
      }, settleMilliseconds).unref();
    });
    const forget = (): void => {
      watcher.close();
      this.#watchers.delete(directory);
    };
    watcher.on('error', forget);
    this.#watchers.set(directory, watcher);
  }
}
