// An agent's whole line from the kernel to an aggregator, without a controller: one probe on openat(). Its only argument
// is KernelSettings as JSON; it says "ready", and on SIGINT prints KernelResult.
import { credentials } from '@grpc/grpc-js';
import { Outbox } from '../../../src/agent/delivery/outbox.ts';
import { Shipper } from '../../../src/agent/delivery/shipper.ts';
import { Framer } from '../../../src/agent/framer.ts';
import { Host } from '../../../src/agent/host.ts';
import { inlineProbe } from '../../../src/api/index.ts';
import { compileProbe } from '../../../src/probe/compile.ts';
import { runningKernel } from '../../../src/probe/resolve/runningKernel.ts';

export interface KernelSettings {
  /** host:port of the aggregator. */
  address: string;
  /** Of the agent's spool. */
  directory: string;
}

export interface KernelResult {
  /** CLOCK_MONOTONIC, ns, when everything captured had been acked; '0' when that was not to be. */
  settledAt: string;
  captured: number;
  /** By reason; of them all, spool too. */
  lost: Record<string, number>;
  /** CPU time of the process since it was ready, in seconds. */
  cpuSeconds: number;
}

const { address, directory } = JSON.parse(process.argv[2] ?? '') as KernelSettings;
const { probe } = inlineProbe({ attach: 'syscall/openat', capture: ['filename'] });
probe.spec.limits.eventsPerSecondPerNode = 10_000_000;
probe.spec.limits.cpuPercentPerNode = 100;
using kernel = runningKernel();
const plan = compileProbe(probe, kernel);

const log = (): void => undefined;
const outbox = new Outbox({ directory, log });
const shipper = new Shipper({
  ...{ outbox, credentials: credentials.createInsecure(), token: () => 'node-1', log },
  accounts: () => [],
  onDelivery: () => undefined,
});
const host: Host = new Host({
  node: 'node-1',
  emptyBatches: true,
  onBatches: (batches) => {
    for (const frame of framer.frames(batches)) outbox.add(frame);
  },
});
const framer = new Framer(host.epoch);
await host.apply(plan);
shipper.connectTo(address);
const before = process.cpuUsage();
console.log('ready');

await new Promise((resolve) => process.once('SIGINT', resolve));
const account = await host.stop(plan.uid);
await host.drain();
const isAcked = await shipper.flushed(60_000);
const settledAt = isAcked ? process.hrtime.bigint() : 0n;
const { user, system } = process.cpuUsage(before);
await shipper.close();
await host.close();
const lost = [...Object.entries(account.lost), ['spooled', outbox.lostRows] as const];
const result: KernelResult = {
  settledAt: String(settledAt),
  captured: Number(account.captured),
  lost: Object.fromEntries(lost.map(([reason, count]) => [reason, Number(count)])),
  cpuSeconds: (user + system) / 1e6,
};
console.log(JSON.stringify(result));
