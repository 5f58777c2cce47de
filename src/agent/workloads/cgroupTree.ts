import { lstatSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { AgentLog } from '../agentLog.ts';
import { cgroupWorkload } from './cgroupWorkload.ts';

export interface CgroupTreeOptions {
  /** Of the hierarchy. */
  root: string;
  /** Cgroups came or went. */
  onChange: () => void;
  log: AgentLog;
  /** For tests. */
  watch?: (directory: string, onEvent: () => void) => DirectoryWatcher;
}

/** What is used of an fs.FSWatcher. */
export interface DirectoryWatcher {
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): void;
}

/** How long changes below the kubelet's pods are gathered. */
const settleMilliseconds = 5;
/** How often the tree is read while a directory cannot be watched: less than events wait for their pod's name. */
const rescanMilliseconds = 2000;
/** A cgroup's id is kept so long after its directory has gone: its last events are still on their way. */
const keptMilliseconds = 60_000;

/**
 * The cgroups of this machine by id, which is the inode of their directory (kernfs, 64 bits). Known after a scan;
 * followed through changes below the kubelet's pods, and through a new scan when somebody asks for an id that is not
 * there.
 */
export class CgroupTree {
  readonly #options: Required<CgroupTreeOptions>;
  readonly #paths = new Map<bigint, string>();
  readonly #gone = new Map<bigint, number>();
  /** By id: a directory that comes again is another one. */
  readonly #watchers = new Map<bigint, DirectoryWatcher>();
  /** The next scan, and in how many milliseconds it was to come. */
  #timer: NodeJS.Timeout | undefined;
  #dueMilliseconds = Infinity;
  #toldUnwatched = false;
  #closed = false;

  /** @throws Error when the root cannot be read */
  constructor(options: CgroupTreeOptions) {
    this.#options = {
      watch: (directory, onEvent) => watch(directory, { persistent: false }, onEvent),
      ...options,
    };
    readdirSync(options.root);
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
    return lstatSync(this.#options.root, { bigint: true }).ino !== 1n;
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
    for (const id of this.#watchers.keys()) if (!found.has(id)) this.#unwatch(id);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const id of this.#watchers.keys()) this.#unwatch(id);
  }

  #visit(path: string, found: Map<bigint, string>): void {
    const directory = join(this.#options.root, path);
    try {
      const id = lstatSync(directory, { bigint: true }).ino;
      found.set(id, path);
      // Watched before it is read: what comes in between is seen.
      this.#watch(id, path, directory);
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) this.#visit(join(path, entry.name), found);
      }
    } catch {
      // It has gone meanwhile.
    }
  }

  /** Pods and containers come at these; what containers make below themselves is found when it is asked for. */
  #watch(id: bigint, path: string, directory: string): void {
    if (this.#watchers.has(id)) return;
    const workload = cgroupWorkload(path);
    if (path !== '/' && (workload === undefined || workload.container !== undefined)) return;
    try {
      const watcher = this.#options.watch(directory, () => {
        this.#scanIn(settleMilliseconds);
      });
      this.#watchers.set(id, watcher);
      watcher.on('error', (error) => {
        this.#unwatch(id);
        this.#cannotWatch(directory, error);
      });
    } catch (error) {
      this.#cannotWatch(directory, error as Error);
    }
  }

  #unwatch(id: bigint): void {
    this.#watchers.get(id)?.close();
    this.#watchers.delete(id);
  }

  /** inotify's instances (EMFILE) or watches (ENOSPC) are used up, or the directory has gone. */
  #cannotWatch(directory: string, { code, message }: NodeJS.ErrnoException): void {
    if (code === 'ENOENT') return;
    this.#scanIn(rescanMilliseconds);
    if (this.#toldUnwatched) return;
    this.#toldUnwatched = true;
    this.#options.log(
      'warn',
      `cgroups cannot be watched, and are read every ${rescanMilliseconds / 1000} s instead: raise the node's ` +
        'sysctls fs.inotify.max_user_watches and fs.inotify.max_user_instances',
      { directory, error: message },
    );
  }

  #scanIn(milliseconds: number): void {
    if (this.#closed || this.#dueMilliseconds <= milliseconds) return;
    clearTimeout(this.#timer);
    this.#dueMilliseconds = milliseconds;
    this.#timer = setTimeout(() => {
      this.#dueMilliseconds = Infinity;
      this.scan();
      this.#options.onChange();
    }, milliseconds).unref();
  }
}
