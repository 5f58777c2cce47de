/** What a shipper has noted of one file. Formats differ in how they know a file: each sets what it has. */
export interface FilePosition {
  /** As the shipper names the file. */
  path?: string;
  inode?: bigint;
  /** As stat(2) tells it. */
  device?: bigint;
  /** The first bytes of the file, as many as there were or as the shipper goes by. */
  fingerprint?: Uint8Array;
  /** CRC-64/ECMA-182 of the beginning of the file. */
  checksum?: bigint;
  /** How many bytes have been read. */
  offset: bigint;
  /** The shipper has stopped to follow the file, and no longer says how far it had read. */
  unwatched?: boolean;
}

/** A file of which one wants to know how far it has been read. */
export interface ShippedFile {
  /** As the shipper names it; of no matter to shippers that note inodes or contents. */
  path: string;
  inode: bigint;
  /** As stat(2) tells it. */
  device: bigint;
  /** Bytes. Taken after the positions were read: what is written in between would look like a truncation. */
  size: bigint;
  /** The first bytes (all, or `headBytes`). Called only for formats that know files by their content. */
  head: () => Uint8Array;
}

/** How far a shipper has read a file. */
export interface Reading {
  /** Bytes; the file has been read to its end when this is its size. */
  offset: bigint;
  /** The note is of more bytes than there are: the file was truncated or is another, so nothing of it counts as read. */
  truncated?: true;
  /**
   * Names what the shipper noted, and is another when it notes something else. A note that was there when the file was
   * created is of a predecessor with the same inode or path, and is to be ignored.
   */
  note: string;
}

/** How far a shipper has read its files, at one moment. */
export interface Positions {
  /** How far it has read this one; undefined when it does not know of it. */
  of(file: ShippedFile): Reading | undefined;
  /** When the shipper last wrote its notes, in milliseconds since 1970. */
  readonly writtenAt: number;
}

/** As much of a file's beginning as any format looks at. */
export const headBytes = 128 * 1024;
