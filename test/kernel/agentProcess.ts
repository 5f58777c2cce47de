// node agentProcess.ts CONTROLLER DATA PINS [MILLISECONDS]: an agent that runs until it is killed, or ends in good order
// on SIGTERM, shipping for so long what there is.
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { Agent } from '../../src/agent/agent.ts';
import { Epochs } from '../../src/agent/epochs.ts';

const [controller = '', data = '', pins = '', milliseconds = '10000'] = process.argv.slice(2);
const agent = new Agent({
  controller,
  credentials: credentials.createInsecure(),
  token: () => 'token',
  nodeName: 'node-1',
  version: '0.0.0',
  dataDirectory: data,
  epochs: new Epochs(pins, join(data, 'epochs')),
  flushMilliseconds: 5,
  maxMemoryBytes: 100_000,
  backoff: { firstMs: 5, maxMs: 20 },
  log: () => undefined,
});
process.on('SIGTERM', () => {
  void agent.close(Number(milliseconds));
});
