import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Host } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf, type Row } from '../../src/codec/rowsOf.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';
import { trace } from '../../src/testing/index.ts';

test('a port in network order reads as the port it is, for filters as well, and an address as an address', async () => {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const common = 'args.sk.__sk_common';
  try {
    await trace(`
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: connections }
spec:
  points:
  - name: state
    attach: raw_tracepoint/inet_sock_set_state
    capture:
      - { name: dport, value: ${common}.skc_dport }
      - { name: daddr, value: ${common}.skc_daddr, type: Ip }
      - { name: number, value: ${common}.skc_daddr }
      - { name: newstate }
    filter: '${common}.skc_dport > ${port - 1} && ${common}.skc_dport < ${port + 1}'
`)
      .during(async () => {
        const client = connect(port, '127.0.0.1').resume();
        await once(client, 'close');
      })
      // TCP_SYN_SENT, by include/net/tcp_states.h.
      .expectEvent({ dport: port, daddr: '127.0.0.1', number: 0x7f000001, newstate: 2 });
  } finally {
    server.close();
  }
});

/** Events of one execution of a program, of a probe whose plan a test has changed. */
async function executed(program: string, change: (plan: ProbePlan) => void): Promise<Row[]> {
  using kernel = runningKernel();
  const [manifest] = parseDocuments(
    `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: executed }
spec:
  points:
  - name: exec
    attach: tracepoint/sched/sched_process_exec
    capture: [{ name: filename }]
    filter: 'ppid == ${process.pid}'
`,
    'executed.yaml',
  );
  if (manifest === undefined) throw new TypeError('there is one document');
  const plan = compileProbe(manifest.probe, kernel);
  change(plan);
  const rows: Row[] = [];
  const host = new Host({
    onBatches(batches) {
      for (const { bytes, point } of batches) {
        const batch = decodeBatch(
          bytes,
          point.columns.map(({ type }) => type),
        );
        rows.push(...rowsOf(batch, point.columns));
      }
    },
  });
  try {
    await host.apply(plan);
    expect(spawnSync(program).status).toBe(0);
    await host.stop(plan.uid);
  } finally {
    await host.close();
  }
  return rows;
}

// Hardly any tracepoint has __rel_loc fields, so a __data_loc word is taken for one: the same text, begun further on.
test('a __rel_loc field lies as far behind the end of its word as that says', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'traceprobe-'));
  const program = join(directory, 'a-program-of-a-long-name');
  try {
    copyFileSync('/bin/true', program);
    const rows = await executed(program, (plan) => {
      const value = plan.points[0]?.fields[plan.points[0].columns[0]?.field ?? -1]?.value;
      if (value?.source !== 'dataLoc') throw new TypeError('the file name is a __data_loc field');
      value.source = 'relLoc';
      expect(value.offset).toBe(8);
    });
    expect(rows.map(({ fields }) => fields['filename'])).toEqual([program.slice(8 + 4)]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
