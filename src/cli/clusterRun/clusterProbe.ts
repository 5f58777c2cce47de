import { randomInt } from 'node:crypto';
import {
  durationToMilliseconds,
  formatDuration,
  inlineProbe,
  type InlineProbe,
  type TraceProbe,
} from '../../api/index.ts';

/** The probe stays for so long when nobody is left to delete it. */
const graceMs = 60_000;
/** Without --for. */
const longestMs = 3_600_000;

/** Without vowels no words come about, and no letter looks like a digit: as Kubernetes' generateName. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The TraceProbe that is run on a cluster for a while: it expires by itself soon after.
 *
 * @param duration a TraceProbe's duration; undefined: until it is ended, at most an hour
 * @throws ManifestError
 */
export function clusterProbe(inline: InlineProbe, duration: string | undefined): TraceProbe {
  const { probe } = inlineProbe(inline);
  const runs = duration === undefined ? longestMs : durationToMilliseconds(duration) + graceMs;
  return {
    ...probe,
    metadata: {
      name: inline.name ?? `${probe.metadata.name}-${suffix()}`,
      labels: { 'app.kubernetes.io/managed-by': 'traceprobe-run' },
    },
    spec: { ...probe.spec, expireAfter: formatDuration(runs) },
  };
}

function suffix(): string {
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
}
