import { contextName } from '../probe/contexts.ts';
import type { Row, RowValue } from '../codec/rowsOf.ts';
import type { RecordSchema } from './recordSchema.ts';

/**
 * A record as bpf/include/traceprobe.h describes it, read the plain way: what native/capture must agree with. For
 * tests; names of the fields are f0, f1 and so on.
 *
 * @returns undefined for a record that does not have its schema's layout
 */
export function decodeReferenceRecord(
  schema: RecordSchema,
  record: Buffer,
  bootToWall: bigint,
): Omit<Row, 'sequence'> | undefined {
  const words = Math.max(0, ...schema.columns.map(({ wordIndex }) => wordIndex + 1));
  if (record.length < 64 + 8 * words) return undefined;
  const faults = record.readUInt32LE(4);
  const fields: Record<string, RowValue> = {};
  for (const [index, column] of schema.columns.entries()) {
    const faulted = (faults & (1 << column.faultBit)) !== 0;
    const value = faulted ? null : readValue(record, column);
    if (value === undefined) return undefined;
    if (column.visible) fields[`f${index}`] = value;
  }
  return {
    time: BigInt.asIntN(64, record.readBigUInt64LE(8) + bootToWall),
    pid: record.readUInt32LE(16),
    tid: record.readUInt32LE(20),
    ppid: record.readUInt32LE(24),
    uid: record.readUInt32LE(28),
    gid: record.readUInt32LE(32),
    context: contextName(record.readUInt16LE(36)),
    truncated: record.readUInt16LE(38),
    cgroup: record.readBigUInt64LE(40),
    comm: untilNul(record.subarray(48, 64)).toString(),
    fields,
  };
}

type Column = RecordSchema['columns'][number];

function readValue(record: Buffer, { type, kind, wordIndex }: Column): RowValue | undefined {
  const at = 64 + 8 * wordIndex;
  if (kind === 'integer') {
    switch (type) {
      case 'Ip':
        return ipText(record.subarray(at, at + 4));
      case 'Bool':
        return record.readBigUInt64LE(at) !== 0n;
      case 'Float64':
        return record.readDoubleLE(at);
      case 'Uint64':
        return narrow(record.readBigUInt64LE(at));
      default:
        return narrow(record.readBigInt64LE(at));
    }
  }
  const offset = record.readUInt32LE(at);
  const length = record.readUInt32LE(at + 4);
  if (length > 0 && (offset < 64 || offset + length > record.length)) return undefined;
  const bytes = length === 0 ? Buffer.alloc(0) : record.subarray(offset, offset + length);
  if (type === 'Bytes') return new Uint8Array(bytes);
  switch (kind) {
    case 'strv':
      return bytes.toString().replace(/\0$/, '').replaceAll('\0', ' ');
    case 'path':
    case 'dentry':
      return pathText(bytes);
    case 'sockaddr':
      return type === 'Ip' ? socketIp(bytes) : socketText(bytes);
    case 'bytes':
      return type === 'Ip' ? ipText(bytes) : bytes.toString();
    case 'string':
      return bytes.toString();
  }
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function untilNul(bytes: Buffer): Buffer {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}

function pathText(bytes: Buffer): string {
  const parts = bytes.toString().replace(/\0$/, '');
  if (parts === '') return '/';
  return parts
    .split('\0')
    .reverse()
    .map((part) => (part.startsWith('/') ? part : `/${part}`))
    .join('');
}

function ipText(bytes: Buffer): string | null {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  // URL writes the compressed form, which differs from inet_ntop()'s only for IPv4 inside IPv6.
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  const compatible = bytes.subarray(0, 12).every((byte) => byte === 0) && bytes.readUInt16BE(12) !== 0;
  if (mapped || compatible) return `${mapped ? '::ffff:' : '::'}${bytes.subarray(12).join('.')}`;
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function socketIp(bytes: Buffer): string | null {
  if (bytes.length < 2) return null;
  const family = bytes.readUInt16LE(0);
  if (family === 2 && bytes.length >= 8) return ipText(bytes.subarray(4, 8));
  if (family !== 10 || bytes.length < 28) return null;
  const scope = bytes.readUInt32LE(24);
  return `${ipText(bytes.subarray(8, 24)) ?? ''}${scope === 0 ? '' : `%${scope}`}`;
}

function socketText(bytes: Buffer): string | null {
  if (bytes.length < 2) return null;
  const family = bytes.readUInt16LE(0);
  if (family === 1) {
    const path = bytes.subarray(2);
    const isAbstract = path.length > 1 && path[0] === 0 && path[1] !== 0;
    return isAbstract
      ? `unix:@${untilNul(path.subarray(1)).toString()}`
      : `unix:${untilNul(path).toString()}`;
  }
  if (family !== 2 && family !== 10) return `family ${family}`;
  const address = socketIp(bytes);
  if (address === null) return null;
  const port = bytes.readUInt16BE(2);
  return family === 2 ? `${address}:${port}` : `[${address}]:${port}`;
}
