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

/** Where events went that were delivered; left out: nobody wanted them there. */
export interface Takers {
  /** Printed. */
  shown?: bigint | undefined;
  /** Committed in the store. */
  stored?: bigint | undefined;
}

/** Where every hit of a probe went, as lines for a person. The sums are checked: a line says so when one is not right. */
export function accountLines(name: string, account: Account, { shown, stored }: Takers): string[] {
  const { captured, filteredNatively, delivered, missed } = account;
  const { kernel, delivery } = imbalance(account);
  const taken = (count: bigint, what: string): string[] => [
    term(count, what),
    ...optional(filteredNatively, 'filtered after capture'),
    ...lost(account, false),
    ...optional(delivered - count, `not ${what}`),
  ];
  const capturedTerms = taken(stored ?? shown ?? 0n, stored === undefined ? 'shown' : 'stored');
  return [
    `${name}:`,
    attemptedLine(account),
    label('captured', captured) + capturedTerms.join(' + '),
    ...(stored === undefined || shown === undefined ? [] : [`  ${'shown'.padEnd(10)}${number(shown)}`]),
    `  ${'missed'.padEnd(10)}${missed === undefined ? 'unknown: this kernel does not count what it skips here' : number(missed)}`,
    ...(kernel === 0n
      ? []
      : [`  ${number(kernel)} of those attempted are unaccounted for: this is a fault of TraceProbe`]),
    ...(delivery === 0n
      ? []
      : [`  ${number(delivery)} of those captured are unaccounted for: this is a fault of TraceProbe`]),
  ];
}

/** The kernel's half of an account, in a line. */
export function attemptedLine(account: Account): string {
  const { attempted, filteredInKernel, captured, open } = account;
  const terms = [
    ...optional(filteredInKernel, 'filtered in the kernel'),
    term(captured, 'captured'),
    ...lost(account, true),
    ...optional(open, 'open (no return yet)'),
  ];
  return label('attempted', attempted) + terms.join(' + ');
}

function lost(account: Account, kernel: boolean): string[] {
  return Object.entries(account.lost)
    .filter(([reason]) => inKernel.includes(reason as LossReason) === kernel)
    .map(([reason, count]) => term(count, `lost (${reasons[reason as LossReason]})`));
}

function label(text: string, count: bigint): string {
  return `  ${text.padEnd(10)}${number(count)} = `;
}

function term(count: bigint, what: string): string {
  return `${number(count)} ${what}`;
}

function optional(count: bigint, what: string): string[] {
  return count === 0n ? [] : [term(count, what)];
}

const number = (count: bigint): string => count.toLocaleString('en-US');
