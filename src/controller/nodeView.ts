import type { ProbeAnswer } from './nodeReport.ts';

/** One node as a probe's status sees it. */
export interface NodeView {
  name: string;
  /** Unheard: not yet, since this replica began to lead a moment ago. */
  agent: 'Connected' | 'Unreachable' | 'Unheard';
  /** What it said of the probe, of whichever generation. */
  answer?: ProbeAnswer | undefined;
  /** Whether its events are being taken; if not, why. */
  delivering: boolean;
  deliveryMessage: string;
}
