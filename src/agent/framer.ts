import { create } from '@bufbuild/protobuf';
import { durationToMilliseconds, quantityToInteger, type TraceProbe } from '../api/index.ts';
import type { PointPlan, ProbePlan } from '../probe/plan.ts';
import {
  FrameSchema,
  PointSchemaSchema,
  type Frame,
  type PointSchema,
} from '../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { ProbeBatch } from './host.ts';

/** A receiver takes messages of at most a few MiB. */
const frameBytes = 2 << 20;

/**
 * Makes frames of flushes: all probes' batches together, each frame with the schemas of its points, so that it can be
 * read wherever and whenever it turns up. Who sends frames leaves out what the receiver has been told.
 */
export class Framer {
  readonly #epoch: Uint8Array;
  readonly #schemas = new WeakMap<PointPlan, PointSchema>();
  readonly #retention = new Map<string, TraceProbe['spec']['retention']>();
  #number = 0n;

  constructor(epoch: Uint8Array) {
    this.#epoch = epoch;
  }

  /** How long events of a probe are to be kept, as its next frames say. */
  describe(uid: string, { spec }: TraceProbe): void {
    this.#retention.set(uid, spec.retention);
  }

  /** Nothing more comes of a probe. */
  forget(uid: string): void {
    this.#retention.delete(uid);
  }

  frames(batches: readonly ProbeBatch[]): Frame[] {
    const frames: Frame[] = [];
    let current: ProbeBatch[] = [];
    let bytes = 0;
    for (const batch of batches) {
      if (bytes > 0 && bytes + batch.bytes.length > frameBytes) {
        frames.push(this.#frame(current));
        current = [];
        bytes = 0;
      }
      current.push(batch);
      bytes += batch.bytes.length;
    }
    if (current.length > 0) frames.push(this.#frame(current));
    return frames;
  }

  #frame(batches: readonly ProbeBatch[]): Frame {
    return create(FrameSchema, {
      epoch: this.#epoch,
      number: ++this.#number,
      batches: batches.map(({ bytes }) => bytes),
      schemas: [...new Set(batches.map(({ probe, point }) => this.#schema(probe, point)))],
    });
  }

  #schema(probe: ProbePlan, point: PointPlan): PointSchema {
    let schema = this.#schemas.get(point);
    if (schema === undefined) {
      schema = this.#describePoint(probe, point);
      this.#schemas.set(point, schema);
    }
    return schema;
  }

  #describePoint(probe: ProbePlan, point: PointPlan): PointSchema {
    const retention = this.#retention.get(probe.uid);
    return create(PointSchemaSchema, {
      ...{ probeUid: probe.uid, probeName: probe.name, generation: probe.generation },
      ...{ point: probe.points.indexOf(point), pointName: point.name },
      columns: point.columns.map(({ name, type, visible, enumNames }) => ({
        ...{ name, type, visible },
        ...(enumNames === undefined ? {} : { enumNames }),
      })),
      ...(retention === undefined
        ? {}
        : {
            maxAgeMs: BigInt(durationToMilliseconds(retention.maxAge)),
            maxBytes: quantityToInteger(retention.maxBytes),
          }),
    });
  }
}
