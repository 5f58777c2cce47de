import { create } from '@bufbuild/protobuf';
import { LossResponseSchema, type LossResponse } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { SourceLoss } from '../../store/sourceLoss.ts';

/**
 * Accounts of probes by node, over all lives of the node's agent.
 *
 * @param names of the probes to tell of, by UID
 */
export function sumLoss(losses: readonly SourceLoss[], names: ReadonlyMap<string, string>): LossResponse {
  const told = losses.filter(({ probeUid }) => names.has(probeUid));
  const groups = Map.groupBy(told, ({ probeUid, nodeUid }) => `${probeUid}/${nodeUid}`);
  const summed = [...groups.values()].flatMap((sources) => {
    const [first] = sources;
    if (first === undefined) return [];
    const sum = (value: (source: SourceLoss) => bigint): bigint =>
      sources.reduce((total, source) => total + value(source), 0n);
    const lost: Record<string, bigint> = {};
    for (const source of sources) {
      for (const [reason, count] of Object.entries(source.lost)) lost[reason] = (lost[reason] ?? 0n) + count;
    }
    const unknown = sources.map(({ unknownSince }) => unknownSince).filter((since) => since > 0n);
    // What one life did not count is unknown of all.
    const missed = sources.every((source) => source.missed !== undefined)
      ? sum((source) => source.missed ?? 0n)
      : undefined;
    return [
      {
        probe: names.get(first.probeUid) ?? '',
        probeUid: first.probeUid,
        node: first.node,
        attempted: sum(({ counters }) => counters?.attempted ?? 0n),
        filteredInKernel: sum(({ counters }) => counters?.filteredInKernel ?? 0n),
        captured: sum(({ counters }) => counters?.captured ?? 0n),
        open: sum(({ counters }) => counters?.open ?? 0n),
        filteredNatively: sum((source) => source.filteredNatively),
        stored: sum((source) => source.stored),
        inFlight: sum((source) => source.inFlight),
        unattributed: sum((source) => source.unattributed),
        lost,
        ...(missed !== undefined && { missed }),
        unknownSince: unknown.reduce((a, b) => (a < b ? a : b), unknown[0] ?? 0n),
      },
    ];
  });
  summed.sort((a, b) => (`${a.probe}/${a.node}` < `${b.probe}/${b.node}` ? -1 : 1));
  return create(LossResponseSchema, { losses: summed });
}
