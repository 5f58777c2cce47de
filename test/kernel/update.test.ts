import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { imbalance } from '../../src/agent/account.ts';
import { Host } from '../../src/agent/host.ts';
import { parseDocuments } from '../../src/api/index.ts';
import { decodeBatch } from '../../src/codec/decodeBatch.ts';
import { rowsOf } from '../../src/codec/rowsOf.ts';
import { compileProbe } from '../../src/probe/compile.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { runningKernel } from '../../src/probe/resolve/runningKernel.ts';

/** Changes of the probe while the calls go on. */
const wanted = 5;

/**
 * Told to by a line, opens files that do not exist, each once, until its input ends (or whoever holds the other end
 * does), then says how many. With pauses: a machine that is busy with the changes has to count what it opens meanwhile.
 */
const opener = `const fs = require('node:fs');
let i = 0, more = true;
function some() {
  for (const end = i + 100; i < end; i++) try { fs.openSync('/nonexistent/' + i) } catch {}
  if (more) setTimeout(some, 1);
  else process.stdout.write(String(i));
}
process.stdin.once('data', some).on('end', () => { more = false });`;

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
    const arrivals = new EventEmitter();
    const firstEventOf = async (generation: number): Promise<void> => {
      while (!generations.has(BigInt(generation))) await once(arrivals, 'batch');
    };
    const host = new Host({
      onBatches(batches) {
        for (const { bytes, point } of batches) {
          const types = point.columns.map(({ type }) => type);
          const batch = decodeBatch(bytes, types);
          generations.add(batch.generation);
          arrivals.emit('batch');
          for (const { fields } of rowsOf(batch, point.columns)) {
            const name = String(fields['filename']);
            seen.set(name, (seen.get(name) ?? 0) + 1);
          }
        }
      },
    });
    const child = spawn(process.execPath, ['-e', opener], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      await host.apply(plan(pid, 1));
      const said = text(child.stdout);
      child.stdin.write('go\n');
      for (let generation = 2; generation < 2 + wanted; generation++) {
        await firstEventOf(generation - 1);
        await host.apply(plan(pid, generation));
      }
      child.stdin.end();
      const calls = Number(await said);
      const account = await host.stop('opens-uid');
      expect({ imbalance: imbalance(account), lost: account.lost }).toEqual({
        imbalance: { kernel: 0n, delivery: 0n },
        lost: {},
      });
      // What the kernel itself skipped, it says; nothing else may be missing, and nothing may be there twice.
      const missed = account.missed === undefined ? Infinity : Number(account.missed); // unknown before 6.7
      expect([...seen.values()].filter((count) => count !== 1)).toEqual([]);
      expect(calls).toBeGreaterThan(0); // NaN, too, is not
      expect(seen.size).toBeLessThanOrEqual(calls);
      expect(seen.size + missed).toBeGreaterThanOrEqual(calls);
    } finally {
      child.kill('SIGKILL');
      await host.close();
    }
  });
}
