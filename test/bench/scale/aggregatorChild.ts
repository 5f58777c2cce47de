// An aggregator that trusts everybody. Its only argument is the path of its store; on SIGINT it prints
// AggregatorResult.
import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { Aggregator } from '../../../src/aggregator/aggregator.ts';
import { trustingAuthenticator } from './trustingAuthenticator.ts';

export interface AggregatorResult {
  /** Committed. */
  rows: number;
  commits: number;
  /** CPU time of the whole process since it listened, in seconds. */
  cpuSeconds: number;
  /** Most resident memory there ever was, in bytes. */
  peakBytes: number;
}

const [, , path = ''] = process.argv;
const aggregator = await Aggregator.start({
  // As the chart has it.
  store: { path, memoryLimit: 1 << 30 },
  address: '127.0.0.1:0',
  credentials: ServerCredentials.createInsecure(),
  authenticator: trustingAuthenticator,
  onMalformed: (node, message) => {
    console.error(`${node}: ${message}`);
  },
});
let rows = 0;
let commits = 0;
aggregator.store.on('committed', (commit) => {
  rows += commit.rows;
  commits++;
});
const before = process.cpuUsage();
console.log(`listening on ${aggregator.port}`);

await new Promise((resolve) => process.once('SIGINT', resolve));
const { user, system } = process.cpuUsage(before);
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
await aggregator.close();
const result: AggregatorResult = {
  ...{ rows, commits, cpuSeconds: (user + system) / 1e6, peakBytes: 1024 * Number(peak) },
};
console.log(JSON.stringify(result));
