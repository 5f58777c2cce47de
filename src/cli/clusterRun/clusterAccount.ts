import type { LossResponse } from '../../rpc/gen/traceprobe/v1/read_pb.ts';

/** Where the hits of a probe went on all nodes, as lines for a person. */
export function clusterAccount(name: string, { losses }: LossResponse, shown: number): string[] {
  const sum = (value: (loss: LossResponse['losses'][number]) => bigint): bigint =>
    losses.reduce((total, loss) => total + value(loss), 0n);
  const lost = new Map<string, bigint>();
  for (const loss of losses) {
    for (const [reason, count] of Object.entries(loss.lost))
      lost.set(reason, (lost.get(reason) ?? 0n) + count);
  }
  const unknown = losses.filter(({ missed }) => missed === undefined).map(({ node }) => node);
  const terms = [
    `${number(sum(({ stored }) => stored))} stored`,
    ...optional(
      sum((loss) => loss.filteredInKernel + loss.filteredNatively),
      'filtered',
    ),
    ...[...lost].flatMap(([reason, count]) => optional(count, `lost (${reason})`)),
    ...optional(
      sum(({ open }) => open),
      'open (no return yet)',
    ),
    ...optional(
      sum(({ inFlight }) => inFlight),
      'on their way',
    ),
  ];
  const nodes = losses.length === 1 ? '1 node' : `${losses.length} nodes`;
  return [
    `${name} on ${nodes}:`,
    `  attempted ${number(sum(({ attempted }) => attempted))} = ${terms.join(' + ')}`,
    `  shown     ${number(BigInt(shown))}`,
    unknown.length === 0
      ? `  missed    ${number(sum(({ missed = 0n }) => missed))}`
      : `  missed    unknown on ${unknown.join(', ')}: their kernels do not count what they skip here`,
  ];
}

function optional(count: bigint, what: string): string[] {
  return count === 0n ? [] : [`${number(count)} ${what}`];
}

const number = (count: bigint): string => count.toLocaleString('en-US');
