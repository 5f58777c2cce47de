import { once } from 'node:events';
import { create } from '@bufbuild/protobuf';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { createClient } from './createClient.ts';
import {
  IngestService,
  ShipRequestSchema,
  ShipResponseSchema,
  type ShipRequest,
} from './gen/traceprobe/v1/ingest_pb.ts';
import { listen } from './listen.ts';
import { serve } from './serve.ts';

test('a frame goes up and its acknowledgement comes down, as typed messages', async () => {
  const listening = await listen(
    { address: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() },
    (server) => {
      serve<typeof IngestService>(server, IngestService, {
        ship(call) {
          call.on('data', ({ message }: ShipRequest) => {
            if (message.case !== 'frame') return;
            const { sequence, batches } = message.value;
            call.write(create(ShipResponseSchema, { acked: sequence, message: `${batches.length}` }));
          });
          call.on('end', () => {
            call.end();
          });
        },
      });
    },
  );
  const client = createClient(IngestService, `127.0.0.1:${listening.port}`, credentials.createInsecure());
  try {
    const stream = client.ship();
    const frame = { sequence: 2n ** 60n, batches: [new Uint8Array(100), new Uint8Array()] };
    stream.write(create(ShipRequestSchema, { message: { case: 'frame', value: frame } }));
    const [response] = (await once(stream, 'data')) as unknown[];
    expect(response).toMatchObject({ acked: 2n ** 60n, message: '2' });
    stream.end();
    await once(stream, 'end');
  } finally {
    client.close();
    await listening.close();
  }
});
