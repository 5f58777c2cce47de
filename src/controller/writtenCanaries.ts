import type { ProbeRecord } from './probeRecord.ts';
import type { Rollout } from './rollout.ts';

/**
 * Canaries of a probe's generation, by kernel release, as its status has them. Only these are told to run it: a leader
 * that goes down with a canary's node is followed by one that knows which node that was.
 */
export function writtenCanaries({ object: { status }, generation }: ProbeRecord): Rollout['canaries'] {
  const canaries = status?.observedGeneration === generation ? status.canaries : undefined;
  return new Map(canaries?.map(({ kernelRelease, node }) => [kernelRelease, node]));
}
