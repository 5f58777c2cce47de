// A store served to readers who may read everything. Its only argument is ReaderSettings as JSON; it says where it
// listens, and on SIGINT prints ReaderResult.
import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { LiveFeed } from '../../../src/aggregator/live.ts';
import { eventsService } from '../../../src/aggregator/read/eventsService.ts';
import { Store } from '../../../src/aggregator/store/store.ts';
import { listen } from '../../../src/rpc/listen.ts';
import type { ReaderAuthority } from '../../../src/rpc/identity.ts';
import { EventsService } from '../../../src/rpc/gen/traceprobe/v1/read_pb.ts';
import { serve } from '../../../src/rpc/serve.ts';

export interface ReaderSettings {
  path: string;
  memoryLimit: number;
}

export interface ReaderResult {
  /** Most resident memory there ever was, in bytes. */
  peakBytes: number;
}

const settings = JSON.parse(process.argv[2] ?? '') as ReaderSettings;
const store = await Store.open(settings);
const expires = new Date(Date.now() + 3_600_000);
const authority: ReaderAuthority = {
  authenticate: (token) => Promise.resolve({ username: token, uid: token, groups: [], expires }),
  mayRead: () => Promise.resolve(true),
};
const service = eventsService({
  ...{ store, authority, feed: new LiveFeed(), audit: () => undefined },
  onFault: (call, error) => {
    console.error(call, error);
  },
});
const listening = await listen(
  { address: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() },
  (server) => {
    serve(server, EventsService, service);
  },
);
console.log(`listening on ${listening.port}`);

await new Promise((resolve) => process.once('SIGINT', resolve));
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
const result: ReaderResult = { peakBytes: 1024 * Number(peak) };
console.log(JSON.stringify(result));
await listening.close(100);
await store.close();
