const nanosecondsOfSecond = 1_000_000_000n;

/**
 * A time as RFC 3339 in UTC with nanoseconds, always 30 characters: "2026-11-21T11:28:34.012345678Z".
 *
 * @param nanoseconds since the Unix epoch
 * @throws RangeError outside the years 0 to 9999, which RFC 3339 cannot write
 */
export function formatRfc3339(nanoseconds: bigint): string {
  let fraction = nanoseconds % nanosecondsOfSecond;
  if (fraction < 0n) fraction += nanosecondsOfSecond;
  const seconds = (nanoseconds - fraction) / nanosecondsOfSecond;
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) {
    throw new RangeError(`${seconds} seconds since 1970 are outside the years 0 to 9999 of RFC 3339`);
  }
  return `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(9, '0')}Z`;
}
