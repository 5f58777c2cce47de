import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BpfMap, BpfObject, Link } from '../../bpf/index.ts';

/** The map that is pinned last: without it a directory is what a first start left that was killed. */
const lastMap = 'control';

/**
 * Maps and links that outlive the agent, in a directory of their own below bpffs. bpffs takes no dots in names.
 */
export class UnlinkPins {
  readonly #directory: string;

  /** @param directory made when it is missing */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
  }

  /** The path of a map that an earlier agent left, if all of them are there. */
  path(map: string): string | undefined {
    const pinned = existsSync(this.#path(lastMap)) && existsSync(this.#path(map));
    return pinned ? this.#path(map) : undefined;
  }

  /** Before load(): has the object use the maps that are there. */
  reuse(object: BpfObject): void {
    for (const map of object.maps()) {
      const path = this.path(map.name);
      if (path !== undefined) map.reuse(path);
    }
  }

  /** Of a first start: pins all maps. */
  pin(maps: readonly BpfMap[]): void {
    this.remove();
    for (const map of maps) if (map.name !== lastMap) map.pin(this.#path(map.name));
    maps.find(({ name }) => name === lastMap)?.pin(this.#path(lastMap));
  }

  /** Pins a link in the place of the one that an earlier agent left for the same hook, which detaches that one. */
  replaceLink(hook: string, link: Link): void {
    const next = this.#path(`next_${hook}`);
    rmSync(next, { force: true });
    link.pin(next);
    renameSync(next, this.#path(`link_${hook}`));
  }

  /** Detaches what an earlier agent left for other hooks than these. */
  removeOtherLinks(hooks: readonly string[]): void {
    const kept = new Set(hooks.map((hook) => `link_${hook}`));
    for (const name of readdirSync(this.#directory)) {
      if (name.startsWith('link_') && !kept.has(name)) rmSync(this.#path(name));
    }
  }

  /** Removes every pin, links first: what nobody has open is detached and freed. */
  remove(): void {
    const names = readdirSync(this.#directory);
    const isLink = (name: string): number => (name.startsWith('link_') || name.startsWith('next_') ? 0 : 1);
    for (const name of names.sort((a, b) => isLink(a) - isLink(b))) rmSync(this.#path(name));
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}
