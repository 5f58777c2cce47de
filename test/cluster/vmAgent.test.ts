import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ApiClient } from '../../src/kubernetes/apiClient.ts';
import { cacheDirectory } from '../vm/cacheDirectory.ts';
import { provideKernel } from '../vm/kernels.ts';
import { runInVm, type VmResult } from '../vm/runInVm.ts';
import { startControlPlane, type ControlPlane } from './controlPlane.ts';
import { Installation } from './installation.ts';
import { EventsReader } from './simulated/eventsReader.ts';
import { ProbeWatch } from './simulated/probeWatch.ts';

// A kernel may have to be fetched, and an emulated machine boots within 10 to 60 s.
jest.setTimeout(300_000);

/**
 * In the VM the host's loopback is 10.0.2.2; the aggregator's address is told to all nodes alike, as localhost. The
 * bundle that is installed, for an emulated processor takes long over the sources.
 */
const session = `
echo '10.0.2.2 localhost' > /etc/hosts
until [ -e /run/share/agent ]; do sleep 0.2; done
node dist/cli/main.js agent --controller "10.0.2.2:$(cat /run/share/agent)" --node-name vm \\
  --token-file /run/share/token --ca-file /run/share/ca.crt \\
  --controller-name traceprobe-controller --aggregator-name traceprobe-aggregator \\
  --data-dir /tmp/agent --metrics-listen 127.0.0.1:0 &
agent=$!
until [ -e /run/share/end ]; do touch /tmp/deleted-in-the-vm; rm /tmp/deleted-in-the-vm; sleep 0.2; done
kill $agent && wait $agent
`;

const share = mkdtempSync(join(tmpdir(), 'traceprobe-vm-agent-'));
let vm: Promise<VmResult>;
let cluster: ControlPlane;
let installation: Installation;
let api: ApiClient;
let watch: ProbeWatch;

beforeAll(async () => {
  const kernel = await provideKernel('6.12', cacheDirectory(), (line) => {
    console.error(line);
  });
  // It boots while the control plane starts.
  const onLine = (line: string): void => {
    if (process.env['TRACEPROBE_TEST_LOG']) console.error(`vm ${line}`);
  };
  vm = runInVm({ kernel, command: session, shareDirectory: share, onLine });
  cluster = await startControlPlane();
  installation = await Installation.start(cluster);
  api = new ApiClient(cluster.kubeConfig);
  watch = new ProbeWatch(api);
  await installation.startAggregator();
  for (const node of ['host', 'vm']) await installation.createAgentNode(node);
  await installation.startAgent('host');
  copyFileSync(installation.tokenFile('vm'), join(share, 'token'));
  copyFileSync(installation.caFile, join(share, 'ca.crt'));
  writeFileSync(join(share, 'agent'), String(installation.controllerPort));
});
afterAll(async () => {
  writeFileSync(join(share, 'end'), '');
  await vm;
  await watch.stop();
  api[Symbol.dispose]();
  await installation[Symbol.asyncDispose]();
  await cluster.close();
  rmSync(share, { recursive: true });
});

/** Unless the machine ends before. */
async function meanwhile<T>(wanted: Promise<T>): Promise<T> {
  const ended = vm.then(({ exitCode, failure, output }) => {
    throw new Error(`the VM has ended: ${failure ?? `status ${exitCode}`}\n${output}`);
  });
  return Promise.race([wanted, ended]);
}

test('a kprobe runs on the node that has kprobes, and a node without them says so in the status', async () => {
  const probe = `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: unlinks }
spec:
  points:
  - name: unlink
    attach: kprobe/do_unlinkat
    capture: [{ name: filename, value: args.name.name }]
`;
  await cluster.kubectl(['apply', '-f', '-'], { input: probe });
  const hostHasKprobes = existsSync('/sys/kernel/tracing/kprobe_events');
  if (hostHasKprobes) {
    await meanwhile(watch.status('unlinks', ({ nodes }) => nodes?.running === 2));
  } else {
    const { failures } = await meanwhile(
      watch.status('unlinks', ({ nodes }) => nodes?.running === 1 && nodes.unsupported === 1),
    );
    const message = expect.stringContaining('kprobe');
    expect(failures).toEqual([{ reason: 'UnsupportedHook', message, count: 1, nodes: ['host'] }]);
  }

  const { aggregatorAddress: address, caFile } = installation;
  using reader = new EventsReader({ address, caFile, tokenFile: await installation.readerToken() });
  await meanwhile(reader.untilStored('unlinks', 0));
  let rows: { filename: string; node: string }[] = [];
  while (rows.length === 0) {
    rows = await reader.cli('query', 'unlinks', '--filter', 'filename == "/tmp/deleted-in-the-vm"');
  }
  expect(new Set(rows.map(({ node }) => node))).toEqual(new Set(['vm']));

  writeFileSync(join(share, 'end'), '');
  const { exitCode, failure, output } = await vm;
  expect({ exitCode, failure, output }).toMatchObject({ exitCode: 0, failure: undefined });
});
