import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { imbalance } from '../../src/agent/account.ts';
import { Host } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf } from '../../src/codec/rowsOf.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

/** Enough for several changes meanwhile; an emulated machine takes twenty times longer for a call. */
const calls = process.env['TRACEPROBE_TEST_KERNEL'] === 'host' ? 60_000 : 10_000;

/** Opens `calls` files that do not exist, each once, when told to by a line. */
const opener = `const fs = require('node:fs');
process.stdin.once('data', () => {
  for (let i = 0; i < ${calls}; i++) try { fs.openSync('/nonexistent/' + i) } catch {}
  process.exit(0);
});`;

function probe(pid: number, generation: number, attach: string): string {
  const extra = generation % 2 === 0 ? '{ name: flags }, ' : '';
  const retval = attach === 'syscall/openat' ? '{ name: retval }, ' : '';
  return `
apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens, uid: opens-uid, generation: ${generation} }
spec:
  points:
  - name: openat
    attach: ${attach}
    capture: [${extra}${retval}{ name: filename, type: String }]
    filter: 'pid == ${pid} && filename.startsWith("/nonexistent/")'
  limits: { eventsPerSecondPerNode: 10000000 }
`;
}

for (const attach of ['tracepoint/syscalls/sys_enter_openat', 'syscall/openat']) {
  test(`a probe at ${attach} that changes under load counts every call once`, async () => {
    using kernel = runningKernel();
    const plan = (pid: number, generation: number): ProbePlan => {
      const [manifest] = parseDocuments(probe(pid, generation, attach), 'probe');
      if (manifest === undefined) throw new Error('no probe');
      return compileProbe(manifest.probe, kernel);
    };
    const seen = new Map<string, number>();
    const generations = new Set<bigint>();
    const host = new Host({
      onBatches(batches) {
        for (const { bytes, point } of batches) {
          const types = point.columns.map(({ type }) => type);
          const batch = decodeBatch(bytes, types);
          generations.add(batch.generation);
          for (const { fields } of rowsOf(batch, point.columns)) {
            const name = String(fields['filename']);
            seen.set(name, (seen.get(name) ?? 0) + 1);
          }
        }
      },
    });
    const child = spawn(process.execPath, ['-e', opener], { stdio: ['pipe', 'inherit', 'inherit'] });
    try {
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      await host.apply(plan(pid, 1));
      const exited = once(child, 'exit');
      child.stdin.end('go\n');
      let changes = 0;
      while (child.exitCode === null) await host.apply(plan(pid, 2 + changes++));
      await exited;
      const account = await host.stop('opens-uid');
      expect(changes).toBeGreaterThan(1);
      expect(generations.size).toBeGreaterThan(1);
      expect({ imbalance: imbalance(account), lost: account.lost }).toEqual({
        imbalance: { kernel: 0n, delivery: 0n },
        lost: {},
      });
      // What the kernel itself skipped, it says; nothing else may be missing, and nothing may be there twice.
      const missed = account.missed === undefined ? Infinity : Number(account.missed); // unknown before 6.7
      expect([...seen.values()].filter((count) => count !== 1)).toEqual([]);
      expect(seen.size).toBeLessThanOrEqual(calls);
      expect(seen.size + missed).toBeGreaterThanOrEqual(calls);
    } finally {
      child.kill('SIGKILL');
      await host.close();
    }
  });
}
