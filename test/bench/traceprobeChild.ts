// One probe in a process of its own: writes its batches to a file, says "ready", and on SIGINT prints its account and
// when the last event was in the file. Its only argument is ProbeSettings as JSON.
import { closeSync, openSync, writeSync } from 'node:fs';
import { Host } from '../../src/agent/host.ts';
import { inlineProbe } from '../../src/api/index.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

export interface ProbeSettings {
  attach: string;
  capture: string[];
  filter?: string;
  /** The batches, each behind its length (32 bits, little-endian). */
  output: string;
}

export interface ProbeResult {
  /** CLOCK_MONOTONIC, ns, when everything captured had been written. */
  settledAt: string;
  captured: number;
  delivered: number;
  /** What of the account is neither delivered nor filtered, by reason. */
  lost: Record<string, number>;
}

const { output, ...point } = JSON.parse(process.argv[2] ?? '') as ProbeSettings;
const { probe } = inlineProbe(point);
probe.spec.limits.eventsPerSecondPerNode = 10_000_000;
probe.spec.limits.cpuPercentPerNode = 100;
using kernel = runningKernel();
const plan = compileProbe(probe, kernel);

const file = openSync(output, 'w', 0o600);
const length = Buffer.alloc(4);
const host = new Host({
  onBatches(batches) {
    for (const { bytes } of batches) {
      length.writeUInt32LE(bytes.length);
      writeSync(file, length);
      writeSync(file, bytes);
    }
  },
});
await host.apply(plan);
console.log('ready');

await new Promise((resolve) => process.once('SIGINT', resolve));
const account = await host.stop(plan.uid);
const settledAt = process.hrtime.bigint();
await host.close();
closeSync(file);
const result: ProbeResult = {
  settledAt: String(settledAt),
  captured: Number(account.captured),
  delivered: Number(account.delivered),
  lost: Object.fromEntries(Object.entries(account.lost).map(([reason, count]) => [reason, Number(count)])),
};
console.log(JSON.stringify(result));
