// Agents that ship what they have encoded before. Its only argument is AgentsSettings as JSON; it prints AgentsResult.
import { encodeFrames, type FrameOptions } from './encodeFrames.ts';
import { shipFrames } from './shipFrames.ts';

export interface AgentsSettings extends Omit<FrameOptions, 'agent'> {
  /** host:port of the aggregator. */
  address: string;
  agents: number;
}

export interface AgentsResult {
  rows: number;
  bytes: number;
  /** From the first frame until the last ack, in seconds. */
  seconds: number;
}

const { address, agents, ...each } = JSON.parse(process.argv[2] ?? '') as AgentsSettings;
const encoded = Array.from({ length: agents }, (_, agent) => encodeFrames({ ...each, agent }));
const batches = encoded.flat().flatMap((frame) => frame.batches);

const started = performance.now();
await Promise.all(encoded.map((frames, agent) => shipFrames(address, `node-${agent}`, frames)));
const result: AgentsResult = {
  rows: agents * each.frames * each.rowsPerFrame,
  bytes: batches.reduce((sum, { length }) => sum + length, 0),
  seconds: (performance.now() - started) / 1000,
};
console.log(JSON.stringify(result));
