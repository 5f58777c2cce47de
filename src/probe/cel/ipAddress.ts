import { isIPv4, isIPv6 } from 'node:net';

/**
 * An address in the one spelling that columns of type Ip have, that of inet_ntop(): zeros compressed, mapped IPv4
 * dotted, an interface's number behind %. Undefined when the text is no address.
 */
export function ipAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const [address = '', zone] = text.split('%');
  if (!isIPv6(address) || (zone !== undefined && !/^\d+$/.test(zone))) return undefined;
  const groups = groupsOf(address);
  return spell(groups) + (zone === undefined ? '' : `%${zone}`);
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, before = '', ...bytes] = dotted ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  const plain = dotted ? `${before}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}` : address;
  const [left = [], right = []] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => parseInt(group, 16));
}

function spell(groups: readonly number[]): string {
  const zeros = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  // glibc writes the last 32 bits dotted behind ::ffff: and behind 96 zero bits, except in :: and ::1.
  const mapped = zeros.start === 0 && (zeros.length === 6 || (zeros.length === 5 && groups[5] === 0xffff));
  if (mapped) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    return `${zeros.length === 5 ? '::ffff:' : '::'}${bytes.join('.')}`;
  }
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.start).join(':')}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
