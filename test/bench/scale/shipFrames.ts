import { once } from 'node:events';
import { create } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import { streamOptions } from '../../../src/agent/link/streamOptions.ts';
import { createClient } from '../../../src/rpc/createClient.ts';
import {
  IngestService,
  ShipRequestSchema,
  type Frame,
  type ShipResponse,
} from '../../../src/rpc/gen/traceprobe/v1/ingest_pb.ts';
import { bearer } from '../../../src/rpc/identity.ts';

/** As the agent's shipper has it. */
const windowBytes = 8 << 20;

/**
 * Ships frames over a connection of its own, as many bytes under way as an agent has, and resolves when the last one
 * was acked.
 */
export async function shipFrames(address: string, token: string, frames: readonly Frame[]): Promise<void> {
  const client = createClient(IngestService, address, credentials.createInsecure(), streamOptions);
  const stream = client.ship(bearer(token));
  const sizes = frames.map(({ batches }) => batches.reduce((sum, { length }) => sum + length, 0));
  let sent = 0;
  let acked = 0;
  let underWay = 0;
  const send = (): void => {
    while (sent < frames.length && underWay < windowBytes) {
      underWay += sizes[sent] ?? 0;
      const frame = frames[sent];
      if (frame === undefined) return;
      const value = { ...frame, sequence: BigInt(++sent) };
      stream.write(create(ShipRequestSchema, { message: { case: 'frame', value } }));
    }
  };
  const done = new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (response: ShipResponse) => {
      for (; acked < Number(response.acked); acked++) underWay -= sizes[acked] ?? 0;
      if (acked === frames.length) resolve();
      else send();
    });
  });
  send();
  await done;
  stream.end();
  await once(stream, 'status');
  client.close();
}
