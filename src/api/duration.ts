const nanosecondsPer = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
} as const;

/**
 * Nanoseconds of a TraceProbe's duration such as 1h30m or 500ms: up to four numbers with a unit (h, m, s, ms), as the
 * CRD's pattern says. Throws a TypeError for anything else.
 */
export function durationToNanoseconds(text: string): bigint {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) {
    throw new TypeError(
      `${JSON.stringify(text)} is no duration: write a number and h, m, s or ms, such as 30s or 1h30m`,
    );
  }
  return [...text.matchAll(/(\d+)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + BigInt(count ?? 0) * nanosecondsPer[unit as keyof typeof nanosecondsPer],
    0n,
  );
}

/** As durationToNanoseconds, in milliseconds, for timers. */
export function durationToMilliseconds(text: string): number {
  return Number(durationToNanoseconds(text) / nanosecondsPer.ms);
}

/** The shortest spelling of a whole number of milliseconds, such as 1h30m; 0 is 0s. */
export function formatDuration(milliseconds: number): string {
  let rest = BigInt(milliseconds) * nanosecondsPer.ms;
  let text = '';
  for (const [unit, size] of Object.entries(nanosecondsPer)) {
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  return text || '0s';
}
