const unit: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  ns: 1n,
};

/**
 * Nanoseconds of the text in CEL's duration("1h30m"): numbers, perhaps with a fraction, each with a unit from h to
 * ns. Undefined when it is none, or has parts of a nanosecond, or exceeds 2^63−1 ns (292 years).
 */
export function celDuration(text: string): bigint | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  const body = text.replace(/^[-+]/, '');
  if (body === '0') return 0n;
  if (!/^(\d+(\.\d*)?(h|ms|m|us|ns|s))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', name = ''] of body.matchAll(/(\d+)\.?(\d*)(h|ms|m|us|ns|s)/g)) {
    const scale = 10n ** BigInt(fraction.length);
    const value = BigInt(whole + fraction) * (unit[name] ?? 0n);
    if (value % scale !== 0n) return undefined;
    total += value / scale;
  }
  return total < 2n ** 63n ? sign * total : undefined;
}
