import { InvalidArgumentError } from 'commander';
import { durationToMilliseconds } from '../../api/index.ts';

/** Parser of an option that is a TraceProbe's duration, such as 30s or 1h30m; it stays text. */
export function duration(text: string): string {
  try {
    durationToMilliseconds(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
