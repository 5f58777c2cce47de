import { Readable } from 'node:stream';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import {
  ResultChunkSchema,
  ResultHeaderSchema,
  WatchResponseSchema,
  type WatchResponse,
} from '../../../rpc/gen/traceprobe/v1/read_pb.ts';

/** A call of Watch that a test answers. */
export class FakeWatchCall extends Readable {
  readonly token: string;
  cancelled = false;

  constructor(token: string) {
    super({ objectMode: true, read: () => undefined });
    this.token = token;
    this.header(1n);
  }

  /** As it comes before the first events of a generation. */
  header(generation: bigint): void {
    const columns = [{ name: 'n', type: 'Uint64' }];
    const value = create(ResultHeaderSchema, { probe: 'opens', point: 'open', generation, columns });
    this.tell({ case: 'header', value });
  }

  tell(message: WatchResponse['message']): void {
    this.push(create(WatchResponseSchema, { message }));
  }

  /** A chunk of so many rows, by which tests know it. */
  show(rows: number): void {
    const values = new BigUint64Array(rows);
    const columns = [{ values: new Uint8Array(values.buffer) }];
    this.tell({ case: 'chunk', value: create(ResultChunkSchema, { rows, columns }) });
  }

  fail(code: status, details: string): void {
    this.destroy(Object.assign(new Error(details), { code, details }));
  }

  cancel(): void {
    this.cancelled = true;
    if (!this.destroyed) this.fail(status.CANCELLED, 'cancelled');
  }
}
