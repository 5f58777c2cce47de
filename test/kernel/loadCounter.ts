import { BpfObject, type ObjectOptions } from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';

/** fixtures/counter.bpf.c, opened and specialised for this process: counts `step` (2) for each getpriority(). */
export function openCounter(options?: ObjectOptions): BpfObject {
  const object = BpfObject.open(compileFixture('counter'), options);
  const constants = Buffer.alloc(8);
  constants.writeUInt32LE(process.pid, 0);
  constants.writeUInt32LE(2, 4);
  object.setRodata(constants);
  return object;
}

/** The same, loaded. */
export function loadCounter(options?: ObjectOptions): BpfObject {
  return openCounter(options).load();
}

/** A 32-bit key in the machine's byte order. */
export function key(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** A 64-bit value in the machine's byte order. */
export function value(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}
