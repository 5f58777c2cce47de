import type { Metadata } from '@grpc/grpc-js';
import type { ServiceClient } from '../../rpc/createClient.ts';
import type { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';

/** An aggregator to read events from. */
export interface Events extends AsyncDisposable {
  client: ServiceClient<typeof EventsService>;
  /** Who reads; a fresh token when the last one is about to expire. */
  credentials: () => Promise<Metadata>;
  /** What went wrong on the way there, if anything did. */
  failure?: () => string | undefined;
}

/** Messages are at most 2 MiB, but for single rows. */
export const clientOptions = {
  'grpc.max_receive_message_length': 64 << 20,
  // A token is for the aggregator alone.
  'grpc.enable_http_proxy': 0,
};

/** The name in the aggregator's certificate, whatever address it is reached by. */
export const aggregatorName = 'traceprobe-aggregator';
