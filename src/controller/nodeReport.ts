/** What became of a probe on a node, in the words of the protocol. */
export const probeStates = ['Running', 'Failed', 'Unsupported', 'Stopped'] as const;
export type ProbeState = (typeof probeStates)[number];

/** What a node says of one probe: a checked ProbeReport. */
export interface ProbeAnswer {
  generation: number;
  state: ProbeState;
  /** CamelCase, at most 64 characters. */
  reason: string;
  /** At most 1 KiB of UTF-8. */
  message: string;
  /** By which reasons events were lost within the last minute. */
  losing: readonly string[];
  /** How it runs there and what it does not see or keep: at most 16 of 1 KiB. */
  notes: readonly string[];
}
