const units = [
  { name: 's', size: 1e9 },
  { name: 'ms', size: 1e6 },
  { name: 'µs', size: 1e3 },
] as const;

/** A duration for people, about three digits of it: 850ns, 12.3µs, 1.25s, 612s. */
export function formatNanoseconds(nanoseconds: number | bigint): string {
  const value = Number(nanoseconds);
  const unit = units.find(({ size }) => Math.abs(value) >= size);
  if (unit === undefined) return `${value}ns`;
  const count = value / unit.size;
  const size = Math.abs(count);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return `${count.toFixed(decimals)}${unit.name}`;
}
