import type { ClientOptions } from '@grpc/grpc-js';

/** Of streams that are open for days: a peer that is gone without a word is noticed within half a minute. */
export const streamOptions: ClientOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // Each stream has its own connection: one that hangs is given up with it.
  'grpc.use_local_subchannel_pool': 1,
  // Trying again is the stream's business; the channel must not sit out a pause of its own.
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.max_send_message_length': -1,
};
