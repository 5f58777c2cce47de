import { create } from '@bufbuild/protobuf';
import { NodesResponseSchema, type NodesResponse } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { StoreReader } from '../../store/readResult.ts';
import type { StoredPoint } from '../query/storedPoint.ts';
import { pointRows } from './pointRows.ts';

/** Nodes that events of these points are from. */
export async function listNodes(reader: StoreReader, points: readonly StoredPoint[]): Promise<NodesResponse> {
  const counts = await pointRows(reader, points);
  const byNode = Map.groupBy(counts, ({ nodeUid }) => nodeUid);
  const nodes = [...byNode].map(([uid, rows]) => ({
    name: rows[0]?.node ?? '',
    uid,
    rows: rows.reduce((sum, each) => sum + each.rows, 0n),
    lastEvent: rows.map(({ last }) => last).reduce((a, b) => (a > b ? a : b), 0n),
    probes: [...new Set(rows.map(({ probe }) => probe))],
  }));
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  return create(NodesResponseSchema, { nodes });
}
