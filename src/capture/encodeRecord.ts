import type { PointPlan } from '../probe/plan.ts';

/** Whose event it is, as in the header of struct tp_record. */
export interface RecordOrigin {
  /** CLOCK_BOOTTIME, ns; 0: when it is told. */
  time: bigint;
  pid: number;
  tid: number;
  ppid: number;
  uid: number;
  gid: number;
  /** Id of the cgroup, the inode of its directory. */
  cgroup: bigint;
  comm: string;
}

const headerBytes = 64;
const commBytes = 16;

/**
 * A record as bpf/include/traceprobe.h describes it, of strings and integers; slot and schema are left out. A value
 * that is undefined could not be had; a string of more than maxBytes is cut and counted as truncated.
 * @param values in the order of the plan's fields
 */
export function encodeRecord(
  { fields }: Pick<PointPlan, 'fields'>,
  origin: RecordOrigin,
  values: readonly (string | bigint | number | undefined)[],
): Buffer {
  const words = Buffer.alloc(8 * fields.length);
  const texts: Buffer[] = [];
  let end = headerBytes + words.length;
  let faults = 0;
  let truncated = 0;
  for (const [index, { maxBytes }] of fields.entries()) {
    const value = values[index];
    if (value === undefined) {
      faults |= 1 << index;
    } else if (typeof value === 'string') {
      const whole = Buffer.from(value);
      const text = whole.subarray(0, maxBytes);
      if (text.length < whole.length) truncated++;
      words.writeUInt32LE(end, 8 * index);
      words.writeUInt32LE(text.length, 8 * index + 4);
      texts.push(text);
      end += text.length;
    } else {
      words.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 8 * index);
    }
  }
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(faults >>> 0, 4);
  header.writeBigUInt64LE(origin.time, 8);
  for (const [index, id] of [origin.pid, origin.tid, origin.ppid, origin.uid, origin.gid].entries()) {
    header.writeUInt32LE(id, 16 + 4 * index);
  }
  header.writeUInt16LE(truncated, 38);
  header.writeBigUInt64LE(origin.cgroup, 40);
  header.write(origin.comm, 48, commBytes - 1);
  return Buffer.concat([header, words, ...texts]);
}
