import { create } from '@bufbuild/protobuf';
import { RecordFeeder } from '../../../src/capture/recordFeeder.ts';
import {
  FrameSchema,
  PointSchemaSchema,
  type Frame,
  type PointSchema,
} from '../../../src/rpc/gen/traceprobe/v1/ingest_pb.ts';
import { makeRecords, moveTo, recordColumns } from '../records.ts';

export interface FrameOptions {
  /** Which agent. */
  agent: number;
  frames: number;
  rowsPerFrame: number;
  /** Distinct strings in each of the two columns of strings. */
  names: number;
}

const probeUid = '5f0c3a52-bench';

/** How the frames' point is described. */
export function pointSchema(): PointSchema {
  return create(PointSchemaSchema, {
    ...{ probeUid, probeName: 'bench', generation: 1n, point: 0, pointName: 'opened' },
    columns: recordColumns.map(({ type }, index) => ({
      ...{ name: ['result', 'duration', 'name', 'path'][index] ?? '', type, visible: true },
    })),
  });
}

/** What an agent ships: records of one point, encoded as the agent encodes them. Sequences are set when they are sent. */
export function encodeFrames({ agent, frames, rowsPerFrame, names }: FrameOptions): Frame[] {
  const epoch = Buffer.from(`bench-${agent}`);
  const records = makeRecords(rowsPerFrame, names);
  const feeder = new RecordFeeder(epoch);
  feeder.addSchema({
    ...{ slot: 1, schema: 1, gate: 0, probeUid, generation: 1n, point: 0 },
    columns: recordColumns,
    filter: [],
  });
  return Array.from({ length: frames }, (_, index) => {
    moveTo(records, index * rowsPerFrame);
    feeder.pushAll(records.bytes, records.ends);
    return create(FrameSchema, {
      ...{ epoch, number: BigInt(index + 1), schemas: index === 0 ? [pointSchema()] : [] },
      batches: feeder.takeFlush().batches.map(({ bytes }) => bytes),
    });
  });
}
