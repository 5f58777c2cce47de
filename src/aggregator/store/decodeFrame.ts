import { decodeBatch, decodeHead, builtinColumns, type Batch } from '../../codec/decodeBatch.ts';
import { FrameError, type PointDescription, type StoreFrame } from './frame.ts';
import { uidPart } from './layout.ts';

/** The points that a stream has described: by probe, generation and index. */
export class StreamPoints {
  readonly #points = new Map<string, PointDescription>();

  /** @throws FrameError */
  add(description: PointDescription): void {
    const { probeUid, generation, point } = description;
    try {
      uidPart(probeUid);
    } catch (error) {
      throw new FrameError(`point schema: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#points.set(`${probeUid}/${generation}/${point}`, description);
  }

  find(probeUid: string, generation: bigint, point: number): PointDescription | undefined {
    return this.#points.get(`${probeUid}/${generation}/${point}`);
  }
}

/** A batch, and what its columns are. */
export interface DecodedBatch {
  description: PointDescription;
  batch: Batch;
}

const lastSequence = (1n << 63n) - 1n;

/**
 * Takes a frame's batches apart, all or none.
 *
 * @throws FrameError which batch is bad, and why
 */
export function decodeFrame(frame: StoreFrame, points: StreamPoints): DecodedBatch[] {
  for (const description of frame.schemas) points.add(description);
  return frame.batches.map((bytes, index) => {
    try {
      return decodeOne(bytes, frame.epoch, points);
    } catch (error) {
      throw new FrameError(`batch ${index} of ${frame.batches.length}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  });
}

function decodeOne(bytes: Uint8Array, epoch: string, points: StreamPoints): DecodedBatch {
  const { probeUid, generation, schema, epoch: batchEpoch, firstSequence, rows } = decodeHead(bytes);
  if (batchEpoch.toString('hex') !== epoch) {
    throw new FrameError(`it is of epoch ${batchEpoch.toString('hex')}, its frame of ${epoch}`);
  }
  if (firstSequence > lastSequence - BigInt(rows)) {
    throw new FrameError(`its events are numbered from ${firstSequence}, beyond 2^63`);
  }
  const description = points.find(probeUid, generation, schema);
  if (description === undefined) {
    throw new FrameError(
      `no schema came before it for point ${schema} of probe '${probeUid}', generation ${generation}`,
    );
  }
  const batch = decodeBatch(
    bytes,
    description.columns.map(({ type }) => type),
  );
  checkWorkloads(batch);
  return { description, batch };
}

function checkWorkloads(batch: Batch): void {
  const column = batch.columns.get(builtinColumns.workload);
  if (column === undefined || !('values' in column)) return;
  for (const code of column.values) {
    if (code > batch.workloads.length) {
      throw new FrameError(`a row is of workload ${code} of ${batch.workloads.length}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
