import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** A checksum of the rest, and both numbers, little-endian. */
const bytes = 20;

/**
 * How far delivery has got, over restarts: numbers of frames, overwritten in place each time. What was written last
 * survives a kill; after a power cut it may be older or nothing, and then frames are sent again.
 */
export class DeliveryMarks implements Disposable {
  readonly #file: string;
  #fd: number | undefined;
  #sent = 0;
  #done = 0;

  /** A file that is not there, or makes no sense, says nothing. */
  constructor(file: string) {
    this.#file = file;
    const content = readIfPossible(file);
    if (content.length < bytes || content.readUInt32LE(0) !== crc32(content.subarray(4, bytes))) return;
    this.#sent = Number(content.readBigUInt64LE(4));
    this.#done = Number(content.readBigUInt64LE(12));
  }

  /** The highest number that ever went out. */
  get sent(): number {
    return this.#sent;
  }

  /** Nothing up to this number is to be sent again: it was acked or refused. */
  get done(): number {
    return this.#done;
  }

  /** @throws Error when the disk does not take it; in this process it counts all the same */
  set(sent: number, done: number): void {
    this.#sent = sent;
    this.#done = done;
    const content = Buffer.alloc(bytes);
    content.writeBigUInt64LE(BigInt(sent), 4);
    content.writeBigUInt64LE(BigInt(done), 12);
    content.writeUInt32LE(crc32(content.subarray(4)), 0);
    this.#fd ??= openSync(this.#file, constants.O_WRONLY | constants.O_CREAT, 0o600);
    writeSync(this.#fd, content, 0, bytes, 0);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function readIfPossible(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
