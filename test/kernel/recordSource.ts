import { getPriority } from 'node:os';
import { BpfObject, type Link } from '../../src/bpf/index.ts';
import type { RecordSchema } from '../../src/capture/recordSchema.ts';
import { compileFixture } from './compileFixture.ts';
import { key } from './loadCounter.ts';

/** The records of fixtures/records.bpf.c: one column, the number of the call. */
export const callSchema: RecordSchema = {
  slot: 3,
  schema: 7,
  gate: 2,
  probeUid: 'calls',
  generation: 7n,
  point: 0,
  columns: [{ type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 0, visible: true }],
  filter: [],
};

/** A program that writes a record for each of this process's getpriority() calls. */
export class RecordSource implements Disposable {
  readonly object: BpfObject;
  readonly #link: Link;

  constructor({ slot, schema, gate }: RecordSchema = callSchema, recordBytes = 72) {
    this.object = BpfObject.open(compileFixture('records'));
    const config = Buffer.alloc(16);
    config.writeUInt32LE(process.pid, 0);
    config.writeUInt32LE(gate, 4);
    config.writeUInt16LE(slot, 8);
    config.writeUInt16LE(schema, 10);
    config.writeUInt32LE(recordBytes, 12);
    this.object.setRodata(config);
    this.object.load();
    this.#link = this.object.program('on_getpriority').attach();
  }

  /** What a Capture needs to drain it. */
  get maps() {
    return { rings: [this.object.map('events')], gates: this.object.map('gates') };
  }

  /** Makes calls. */
  write(calls: number): void {
    for (let i = 0; i < calls; i++) getPriority();
  }

  /** Records that reached the ring, and records that did not. */
  get outcome(): { captured: number; lost: number } {
    const bytes = this.object.map('outcomes').lookup(key(0)) ?? Buffer.alloc(16);
    return { captured: Number(bytes.readBigUInt64LE(0)), lost: Number(bytes.readBigUInt64LE(8)) };
  }

  /** Bytes that the kernel counts as written and not yet drained. */
  inFlight(gate = callSchema.gate): bigint {
    return this.object.map('gates').lookup(key(gate))?.readBigInt64LE(0) ?? -1n;
  }

  [Symbol.dispose](): void {
    this.#link.close();
    this.object.close();
  }
}
