import { isIPv4, isIPv6 } from 'node:net';

/**
 * The 4 or 16 bytes, in network order, of an address as text; undefined when it is none. An IPv4 address mapped
 * into IPv6 (::ffff:10.0.0.1) is its 4 bytes, as in the columns of type Ip.
 */
export function ipAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const groups = dotted
    ? `${dotted[1] ?? ''}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
    : text;
  const [head = '', tail] = groups.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  [...left, ...zeros, ...right].forEach((group, index) => {
    view.setUint16(2 * index, parseInt(group, 16));
  });
  const mapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

function hex(high = '0', low = '0'): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}
