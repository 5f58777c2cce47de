import { addon, type NativeRingConsumer } from './addon.ts';
import type { BpfMap } from './bpfMap.ts';
import { describeValue } from './describeValue.ts';

/**
 * Reads the records of a ring buffer map one by one, for tests and for users of the binding; captures of probes are
 * read, filtered and encoded natively (native/capture). One reader a ring.
 */
export class RingBuffer implements Disposable {
  readonly #native: NativeRingConsumer;

  private constructor(native: NativeRingConsumer) {
    this.#native = native;
  }

  /** @param map of type "ringbuf"; it may be closed while it is read */
  static open(map: BpfMap): RingBuffer {
    return new RingBuffer(new (addon().RingConsumer)(map.fd, map.name));
  }

  /** What is in the ring now, at most about 4 MiB, in the order of reservation; without a thread. */
  drain(): Buffer[] {
    return split(this.#native.drain());
  }

  /**
   * Calls back with the records of each drain of a native thread that sleeps while the ring is empty and otherwise
   * drains it every 5 ms. While the callback is busy the ring fills and programs lose records. It keeps the process
   * alive until close(), unless unref() is called.
   */
  consume(callback: (records: Buffer[]) => void): this {
    if (typeof (callback as unknown) !== 'function') {
      throw new TypeError(`RingBuffer.consume: callback must be a function, not ${describeValue(callback)}`);
    }
    this.#native.start((drained) => {
      callback(split(drained));
    });
    return this;
  }

  ref(): this {
    this.#native.ref();
    return this;
  }

  unref(): this {
    this.#native.unref();
    return this;
  }

  /** Ends the thread; no callback comes any more, and what is in the ring stays there. Closing twice is fine. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function split({ bytes, bounds }: { bytes: Buffer; bounds: Uint32Array }): Buffer[] {
  const records: Buffer[] = [];
  for (let i = 0; i < bounds.length; i += 2) {
    const begin = bounds[i] ?? 0;
    records.push(bytes.subarray(begin, begin + (bounds[i + 1] ?? 0)));
  }
  return records;
}
