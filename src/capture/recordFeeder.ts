import { addon } from '../bpf/addon.ts';
import type { Flush } from './capture.ts';
import type { RecordSchema } from './recordSchema.ts';

/** native/capture/record_feeder.h */
interface NativeRecordFeeder {
  addSchema(schema: RecordSchema): void;
  removeSchema(slot: number, schema: number): void;
  push(record: Uint8Array, bootToWall?: bigint, times?: number, backlogged?: boolean): void;
  pushAll(bytes: Uint8Array, ends: Uint32Array): void;
  takeFlush(): Flush;
}

interface RecordFeederAddon {
  RecordFeeder: new (epoch: Uint8Array, maxBatchBytes?: number, node?: string) => NativeRecordFeeder;
}

/**
 * The data path without a kernel and without a thread: records go in as bytes, batches come out. For tests and
 * measurements.
 */
export class RecordFeeder {
  readonly #native: NativeRecordFeeder;

  constructor(epoch: Uint8Array, maxBatchBytes?: number, node?: string) {
    const { RecordFeeder: Native } = addon() as unknown as RecordFeederAddon;
    this.#native = new Native(epoch, maxBatchBytes, node);
  }

  addSchema(schema: RecordSchema): void {
    this.#native.addSchema(schema);
  }

  removeSchema(slot: number, schema: number): void {
    this.#native.removeSchema(slot, schema);
  }

  /**
   * @param record a struct tp_record with its words and variable part
   * @param options.bootToWall ns from CLOCK_BOOTTIME to the Unix epoch; default 0
   * @param options.times how often the same record comes
   * @param options.backlogged as if onFlush had too much waiting
   */
  push(
    record: Uint8Array,
    options: { bootToWall?: bigint; times?: number; backlogged?: boolean } = {},
  ): void {
    this.#native.push(record, options.bootToWall ?? 0n, options.times, options.backlogged);
  }

  /**
   * Many records in one call, with 0 as `bootToWall`.
   *
   * @param bytes records one after another
   * @param ends where each ends in `bytes`
   */
  pushAll(bytes: Uint8Array, ends: Uint32Array): void {
    this.#native.pushAll(bytes, ends);
  }

  /** Everything since the last one. */
  takeFlush(): Flush {
    return this.#native.takeFlush();
  }
}
