const walHeader = 32;
const frameHeader = 24;

/**
 * A SQLite database in one piece: the file with the committed part of its write-ahead log applied, marked as one without
 * a log (https://sqlite.org/fileformat2.html). So it can be read from memory, without a lock that its owner would notice
 * and without a file of ours. `log` is empty where there is none. At most `maxBytes`: then undefined is returned.
 */
export function sqliteImage(database: Buffer, log: Buffer, maxBytes: number): Buffer | undefined {
  const { pages, pageSize, pageCount } = committedPages(log);
  const length = pageCount === 0 ? database.length : pageCount * pageSize;
  if (length > maxBytes) return undefined;
  const image = Buffer.alloc(length);
  database.copy(image);
  for (const [number, page] of pages) if (number <= pageCount) page.copy(image, (number - 1) * pageSize);
  // Versions that a writer and a reader need: 2 is write-ahead logging, 1 is a file for itself.
  if (image.length > 19) image.fill(1, 18, 20);
  return image;
}

interface CommittedPages {
  /** The last version of each page, by its number from 1. */
  pages: Map<number, Buffer>;
  pageSize: number;
  /** Of the whole database; 0 when nothing has been committed. */
  pageCount: number;
}

/** What a write-ahead log has: the frames before the first that is not of this round or whose checksum is wrong. */
function committedPages(log: Buffer): CommittedPages {
  const committed: CommittedPages = { pages: new Map(), pageSize: 0, pageCount: 0 };
  if (log.length < walHeader) return committed;
  // 0x377f0682 or …83: checksums of little-endian or big-endian words.
  const kind = log.readUInt32BE(0);
  if (kind >>> 1 !== 0x377f0682 >>> 1) return committed;
  const sum = new WalChecksum((kind & 1) === 1);
  if (!sum.update(log.subarray(0, 24)).equals(log, 24)) return committed;
  committed.pageSize = log.readUInt32BE(8);
  if (committed.pageSize < 512 || committed.pageSize > 65536) return committed;
  const salt = log.subarray(16, 24);

  const uncommitted: [number, Buffer][] = [];
  const frameBytes = frameHeader + committed.pageSize;
  for (let at = walHeader; at + frameBytes <= log.length; at += frameBytes) {
    const header = log.subarray(at, at + frameHeader);
    const page = log.subarray(at + frameHeader, at + frameBytes);
    if (!header.subarray(8, 16).equals(salt)) break;
    if (!sum.update(header.subarray(0, 8)).update(page).equals(header, 16)) break;
    uncommitted.push([header.readUInt32BE(0), page]);
    const pageCount = header.readUInt32BE(4);
    if (pageCount === 0) continue;
    for (const [number, bytes] of uncommitted.splice(0)) committed.pages.set(number, bytes);
    committed.pageCount = pageCount;
  }
  return committed;
}

/** The running checksum of a write-ahead log. */
class WalChecksum {
  readonly #bigEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  /** Bytes by the eight. */
  update(bytes: Buffer): this {
    let [a, b] = [this.#first, this.#second];
    for (let at = 0; at < bytes.length; at += 8) {
      const [x, y] = this.#bigEndian
        ? [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
        : [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      a = (a + x + b) >>> 0;
      b = (b + y + a) >>> 0;
    }
    this.#first = a;
    this.#second = b;
    return this;
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second;
  }
}
