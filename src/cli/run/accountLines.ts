import { imbalance, type Account, type LossReason } from '../../agent/account.ts';

const inKernel: readonly LossReason[] = ['ring', 'share', 'rate', 'nesting', 'unpaired'];

/** Why events are lost, in words, with what helps. */
const reasons: Record<LossReason, string> = {
  ring: 'ring buffer full',
  share: "beyond the probe's share of the ring buffer",
  rate: 'over limits.eventsPerSecondPerNode',
  nesting: 'program interrupted too deeply',
  unpaired: 'return without a remembered entry',
  backlog: 'reader too slow',
  malformed: 'malformed',
};

/**
 * Where every hit of a probe went, as lines for a person. The sums are checked: a line says so when one is not right.
 * @param shown events that were printed
 */
export function accountLines(name: string, account: Account, shown: bigint): string[] {
  const { attempted, filteredInKernel, captured, open, filteredNatively, delivered, missed } = account;
  const lost = (kernel: boolean): string[] =>
    Object.entries(account.lost)
      .filter(([reason]) => inKernel.includes(reason as LossReason) === kernel)
      .map(([reason, count]) => term(count, `lost (${reasons[reason as LossReason]})`));
  const { kernel, delivery } = imbalance(account);
  const attemptedTerms = [
    ...optional(filteredInKernel, 'filtered in the kernel'),
    term(captured, 'captured'),
    ...lost(true),
    ...optional(open, 'open (no return yet)'),
  ];
  const capturedTerms = [
    term(shown, 'shown'),
    ...optional(filteredNatively, 'filtered after capture'),
    ...lost(false),
    ...optional(delivered - shown, 'not shown'),
  ];
  const label = (text: string, count: bigint): string => `  ${text.padEnd(10)}${number(count)} = `;
  return [
    `${name}:`,
    label('attempted', attempted) + attemptedTerms.join(' + '),
    label('captured', captured) + capturedTerms.join(' + '),
    `  ${'missed'.padEnd(10)}${missed === undefined ? 'unknown: this kernel does not count what it skips here' : number(missed)}`,
    ...(kernel === 0n
      ? []
      : [`  ${number(kernel)} of those attempted are unaccounted for: this is a fault of TraceProbe`]),
    ...(delivery === 0n
      ? []
      : [`  ${number(delivery)} of those captured are unaccounted for: this is a fault of TraceProbe`]),
  ];
}

function term(count: bigint, what: string): string {
  return `${number(count)} ${what}`;
}

function optional(count: bigint, what: string): string[] {
  return count === 0n ? [] : [term(count, what)];
}

const number = (count: bigint): string => count.toLocaleString('en-US');
