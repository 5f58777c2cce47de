import { accountOf, sumAccounts } from '../../agent/account.ts';
import type { DeadEpoch, Epochs } from '../../agent/epochs.ts';
import type { CliContext } from '../cliContext.ts';
import { escapeText } from '../output/escapeText.ts';
import { attemptedLine } from '../run/accountLines.ts';

/**
 * Tells on standard error, once, what runs had captured that were killed before they could tell themselves, and
 * forgets them. Runs that last are left alone.
 */
export function reportDeadRuns(
  epochs: Pick<Epochs, 'dead' | 'forget'>,
  { stderr, log }: Pick<CliContext, 'stderr' | 'log'>,
): void {
  try {
    for (const dead of epochs.dead()) {
      if (epochs.forget(dead.epoch)) for (const line of deadRunLines(dead)) stderr.line(escapeText(line));
    }
  } catch (error) {
    // Whoever may not read them is not told; somebody else will be.
    log('info', 'accounts of killed runs cannot be read', { reason: (error as Error).message });
  }
}

/** The account of a dead run, as far as it is known; none when it had not begun to trace. */
export function deadRunLines({ pid, since, slots, released }: DeadEpoch): string[] {
  if (slots.length === 0) return [];
  const uids = [...new Set(slots.map(({ probeUid }) => probeUid))];
  return [
    `A run of traceprobe (pid ${pid}, since ${since.toISOString()}) ended without its account. The kernel counted:`,
    ...uids.flatMap((uid) => {
      const points = slots.filter(({ probeUid }) => probeUid === uid);
      const known = points.flatMap(({ counters }) => counters ?? []);
      const changed = released.some(({ probeUid }) => probeUid === uid);
      return [
        `${points[0]?.probe ?? uid}:`,
        ...(known.length < points.length
          ? ['  nothing is known: its counters are gone']
          : [
              attemptedLine(sumAccounts(known.map((counters) => accountOf(counters, nothing, undefined)))),
              '  how many of those captured were shown is not known',
              ...(changed ? ['  points that a change of the probe had ended before are not in it'] : []),
            ]),
      ];
    }),
  ];
}

/** What became of records behind the kernel died with the process. */
const nothing = { delivered: 0n, filtered: 0n, backlog: 0n, malformed: 0n };
