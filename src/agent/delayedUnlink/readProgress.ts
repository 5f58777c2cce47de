import { statDevice } from './fileKey.ts';
import type { FileAtPlace } from './fileAtPlace.ts';
import type { ShippedFile } from './positions/positions.ts';
import type { ShipperNotes } from './shipperNotes.ts';
import { keyOf, type FileKey, type UnlinkSubject } from './unlinkHooks.ts';

/**
 * How much of each file its shipper has read. A shipper knows files by inode, path or content, and may have a note of one
 * that was there before: what its notes said when a file was created is not believed until they say something else.
 */
export class ReadProgress {
  /** By key. */
  readonly #oldNotes = new Map<string, string>();

  /** A file was created just now. @param root as the shipper calls it */
  created(key: FileKey, file: FileAtPlace, root: string, notes: ShipperNotes | undefined): void {
    const note = notes?.of(file.shipped(root))?.note;
    if (note !== undefined) this.#oldNotes.set(keyOf(key), note);
  }

  /** Bytes; undefined: the notes do not say. @param root as the shipper calls it */
  of(key: FileKey, file: FileAtPlace, root: string, notes: ShipperNotes | undefined): bigint | undefined {
    return this.#believed(key, file.shipped(root), notes);
  }

  /**
   * The same of a file that has gone: its inode is the only thing that is left of it, and its beginning cannot be read
   * any more.
   */
  ofGone({ key, size }: UnlinkSubject, path: string, notes: ShipperNotes | undefined): bigint | undefined {
    const head = (): Uint8Array => new Uint8Array();
    return this.#believed(key, { path, inode: key.inode, device: statDevice(key), size, head }, notes);
  }

  /** Nothing more will be asked of a file. */
  forget(key: FileKey): void {
    this.#oldNotes.delete(keyOf(key));
  }

  #believed(key: FileKey, file: ShippedFile, notes: ShipperNotes | undefined): bigint | undefined {
    const reading = notes?.of(file);
    if (reading === undefined || reading.note === this.#oldNotes.get(keyOf(key))) return undefined;
    this.#oldNotes.delete(keyOf(key));
    return reading.offset;
  }
}
