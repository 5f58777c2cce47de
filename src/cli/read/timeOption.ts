import { InvalidArgumentError } from 'commander';
import { durationToNanoseconds } from '../../api/index.ts';

/** A moment on a command line, as ns since the Unix epoch; to be told what now is. */
export type TimeOption = (now: bigint) => bigint;

const hint = 'It is a duration before now, such as 10m, or a time such as 2026-11-21T12:00:00Z.';

/** "10m" (before now) or RFC 3339, for commander. */
export function timeOption(text: string): TimeOption {
  if (/^\d+(h|m|s|ms)/.test(text)) {
    try {
      const before = durationToNanoseconds(text);
      return (now) => now - before;
    } catch {
      throw new InvalidArgumentError(hint);
    }
  }
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const milliseconds = match ? Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`) : NaN;
  if (!Number.isFinite(milliseconds)) throw new InvalidArgumentError(hint);
  const time = BigInt(milliseconds) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0'));
  return () => time;
}
