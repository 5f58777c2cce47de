import { formatPosition, type Position } from './position.ts';
import type { Refusal } from './refusal.ts';

/** A refusal with its place in the file. */
export interface LocatedRefusal extends Refusal {
  position: Position;
}

/** Everything that is wrong with some files of TraceProbes: one line of the message for each refusal. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly refusals: readonly LocatedRefusal[];
  /** Mending these may bring up more. */
  readonly incomplete: boolean;

  constructor(refusals: readonly LocatedRefusal[], incomplete: boolean) {
    const lines = refusals.map(({ position, message, hint }) => {
      return `${formatPosition(position)}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
    });
    if (incomplete)
      lines.push('some rules were not checked because of these refusals; correct them and try again');
    super(lines.join('\n'));
    this.refusals = refusals;
    this.incomplete = incomplete;
  }
}
