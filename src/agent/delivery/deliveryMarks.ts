import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Checksum of the rest, and both numbers, little-endian. */
const bytes = 20;

/**
 * How far delivery has got, over restarts: numbers of frames, overwritten in place each time. What was written last
 * survives a kill; after a power cut it may be older or nothing, and then frames are sent again.
 */
export class DeliveryMarks implements Disposable {
  readonly #fd: number;
  #sent = 0;
  #done = 0;

  /** @throws Error when the file cannot be opened */
  constructor(file: string) {
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    const content = Buffer.alloc(bytes);
    const whole = readSync(this.#fd, content, 0, bytes, 0) === bytes;
    if (!whole || content.readUInt32LE(0) !== crc32(content.subarray(4))) return;
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
    writeSync(this.#fd, content, 0, bytes, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
