import { closeSync, constants, lstatSync, openSync, readSync, unlinkSync, type BigIntStats } from 'node:fs';
import { openParent, type Parent } from './openParent.ts';
import { headBytes, type ShippedFile } from './positions/positions.ts';

const { O_NOFOLLOW, O_RDONLY } = constants;

/**
 * A kept file at its place, found without following links; dispose of it soon, it keeps a directory open.
 */
export class FileAtPlace implements Disposable {
  readonly #relativePath: string;
  readonly #parent: Parent;
  readonly #stat: BigIntStats;

  /**
   * @param root directory, as this process can open it
   * @throws ENOENT and the like (isGone) when there is nothing at that place
   */
  constructor(root: string, relativePath: string) {
    this.#relativePath = relativePath;
    this.#parent = openParent(root, relativePath);
    try {
      this.#stat = lstatSync(this.#parent.entry, { bigint: true });
    } catch (error) {
      this.#parent[Symbol.dispose]();
      throw error;
    }
  }

  get size(): bigint {
    return this.#stat.size;
  }

  get inode(): bigint {
    return this.#stat.ino;
  }

  /** When it was last written to, in milliseconds since 1970. */
  get writtenAt(): number {
    return Number(this.#stat.mtimeMs);
  }

  /**
   * As the log shipper's notes may know it.
   * @param root as the shipper calls it
   */
  shipped(root: string): ShippedFile {
    return {
      path: `${root}/${this.#relativePath}`,
      ...{ inode: this.#stat.ino, device: this.#stat.dev, size: this.#stat.size },
      head: () => this.#head(),
    };
  }

  unlink(): void {
    unlinkSync(this.#parent.entry);
  }

  /** For calls that take paths. */
  get entry(): string {
    return this.#parent.entry;
  }

  [Symbol.dispose](): void {
    this.#parent[Symbol.dispose]();
  }

  #head(): Uint8Array {
    const fd = openSync(this.#parent.entry, O_RDONLY | O_NOFOLLOW);
    try {
      const bytes = Buffer.alloc(headBytes);
      return bytes.subarray(0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  }
}
