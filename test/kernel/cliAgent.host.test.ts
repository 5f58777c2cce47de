import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseDocuments } from '../../src/api/index.ts';
import { DesiredProbeSchema, DesiredStateSchema } from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { StandInAggregator, StandInController } from './agentStandIns.ts';
import { openMissing } from './openMissing.ts';

let directory: string;
let child: ChildProcess | undefined;
const controller = new StandInController();
const aggregator = new StandInAggregator();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  await controller.listen();
  await aggregator.listen();
});

afterEach(() => {
  child?.kill('SIGKILL');
  controller.close();
  aggregator.close();
  rmSync(directory, { recursive: true });
  rmSync(`/sys/fs/bpf/traceprobe-cli-${process.pid}`, { recursive: true, force: true });
});

/** The value `name` of the log line with this message. */
async function logged(process: ChildProcess, message: string, name: string): Promise<unknown> {
  for await (const line of createInterface({ input: process.stderr as NodeJS.ReadableStream })) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (entry['message'] === message) return entry[name];
  }
  throw new Error(`the process ended without "${message}"`);
}

test('traceprobe agent runs probes, tells metrics, and ends in good order with the last account', async () => {
  const spec = `{ points: [{ name: openat, attach: syscall/openat, filter: 'filename == "/nonexistent/cli"' }] }`;
  const text = `{ apiVersion: traceprobe.io/v1alpha1, kind: TraceProbe, metadata: { name: one }, spec: ${spec} }`;
  const [manifest] = parseDocuments(text, 'one');
  controller.desired = create(DesiredStateSchema, {
    ...{ revision: 1n, complete: true, aggregator: aggregator.address },
    probes: [
      create(DesiredProbeSchema, {
        ...{ uid: 'one', name: 'one', generation: 1n },
        spec: Buffer.from(JSON.stringify(manifest?.probe.spec)),
      }),
    ],
  });
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, 'secret\n');
  child = spawn(
    process.execPath,
    [
      ...[join(import.meta.dirname, '../../src/cli/main.ts'), 'agent', '--insecure-loopback'],
      ...['--controller', controller.address, '--token-file', tokenFile, '--node-name', 'node-1'],
      ...['--data-dir', join(directory, 'data'), '--pin-dir', `/sys/fs/bpf/traceprobe-cli-${process.pid}`],
      ...['--metrics-listen', '127.0.0.1:0'],
    ],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  const port = await logged(child, 'the agent runs', 'metricsPort');
  child.stderr?.resume();
  await controller.reportOf('one', 'Running');
  expect(controller.tokens).toEqual(['secret']);
  openMissing('/nonexistent/cli');
  await aggregator.until(() => [...aggregator.stored.values()].some(({ rows }) => rows === 1n));
  const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  expect(metrics).toContain('traceprobe_agent_probes{state="Running"} 1');
  expect(metrics).toContain('traceprobe_agent_events_total{probe_uid="one",outcome="delivered"} 1');
  expect((await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect([...aggregator.accounts.values()]).toMatchObject([{ delivered: 1n, final: true, killed: false }]);
});
