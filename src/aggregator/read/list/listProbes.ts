import { create } from '@bufbuild/protobuf';
import { ProbesResponseSchema, type ProbesResponse } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { StoreReader } from '../../store/readResult.ts';
import { readableColumns } from '../query/readableColumns.ts';
import type { StoredPoint } from '../query/storedPoint.ts';
import { pointRows } from './pointRows.ts';

/** What is stored of these points, by probe. */
export async function listProbes(
  reader: StoreReader,
  points: readonly StoredPoint[],
): Promise<ProbesResponse> {
  const counts = await pointRows(reader, points);
  const sizes = await reader.rows(
    'SELECT probe_uid, sum(bytes)::UBIGINT AS bytes FROM meta.slices GROUP BY probe_uid',
  );
  const bytes = new Map(sizes.map((row) => [String(row['probe_uid']), row['bytes'] as bigint]));
  const byProbe = Map.groupBy(points, ({ probeUid }) => probeUid);
  const probes = [...byProbe].map(([uid, own]) => {
    const name = own[0]?.probeName ?? '';
    return {
      name,
      uid,
      bytes: bytes.get(uid) ?? 0n,
      points: own.map((point) => {
        const rows = counts.filter((each) => each.probe === name && each.point === point.name);
        return {
          name: point.name,
          generation: point.generation,
          table: own.length === 1 ? name : `${name}/${point.name}`,
          columns: readableColumns(point.columns)
            .filter(({ usual }) => usual)
            .map(({ name: column, type, enumNames = {} }) => ({ name: column, type, enumNames })),
          rows: rows.reduce((sum, each) => sum + each.rows, 0n),
          firstEvent: rows.map(({ first }) => first).reduce((a, b) => (a < b ? a : b), rows[0]?.first ?? 0n),
          lastEvent: rows.map(({ last }) => last).reduce((a, b) => (a > b ? a : b), 0n),
        };
      }),
    };
  });
  return create(ProbesResponseSchema, { probes });
}
