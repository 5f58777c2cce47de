import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ChannelCredentials, ClientDuplexStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import { createClient } from '../../../src/rpc/createClient.ts';
import {
  IngestService,
  ShipRequestSchema,
  type FrameSchema,
  type ShipRequest,
  type ShipResponse,
} from '../../../src/rpc/gen/traceprobe/v1/ingest_pb.ts';
import { bearer } from '../../../src/rpc/identity.ts';

/** A stream to an aggregator that carries whatever a test wants. */
export class ShippingStream implements Disposable {
  readonly stream: ClientDuplexStream<ShipRequest, ShipResponse>;
  readonly #client: { close(): void };
  readonly #ended: Promise<{ code: number; details: string }>;
  readonly #acks: bigint[] = [];
  #acked = Promise.withResolvers<undefined>();

  /** @param token empty: none is shown */
  constructor(address: string, credentials: ChannelCredentials, token: string) {
    const client = createClient(IngestService, address, credentials, {
      'grpc.ssl_target_name_override': 'traceprobe-aggregator',
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#client = client;
    this.stream = token === '' ? client.ship() : client.ship(bearer(token));
    this.stream.on('data', ({ acked }: ShipResponse) => {
      this.#acks.push(acked);
      this.#acked.resolve(undefined);
      this.#acked = Promise.withResolvers();
    });
    this.stream.on('error', (error: ServiceError) => error);
    this.#ended = new Promise((resolve) => {
      this.stream.on('status', ({ code, details }: StatusObject) => {
        resolve({ code, details });
      });
    });
  }

  /** @returns false: wait for 'drain' */
  write(frame: MessageInitShape<typeof FrameSchema>): boolean {
    return this.stream.write(create(ShipRequestSchema, { message: { case: 'frame', value: frame } }));
  }

  /** Why it was ended; '' as soon as this frame was acked. */
  async outcome(sequence: bigint): Promise<{ code: number; details: string }> {
    while (!this.#acks.some((acked) => acked >= sequence)) {
      const ended = await Promise.race([this.#ended, this.#acked.promise]);
      if (ended !== undefined) return ended;
    }
    return { code: 0, details: '' };
  }

  [Symbol.dispose](): void {
    this.stream.cancel();
    this.#client.close();
  }
}
