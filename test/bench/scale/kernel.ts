import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { startChild } from '../child.ts';
import { runLoad } from '../load.ts';
import { markdownTable } from '../markdownTable.ts';
import { median } from '../median.ts';
import type { AggregatorResult } from './aggregatorChild.ts';
import { here } from './here.ts';
import type { KernelResult, KernelSettings } from './kernelChild.ts';
import { lastJson } from './lastJson.ts';
import type { Suite, SuiteOptions } from './suite.ts';

/** A file that nobody else opens. */
const missing = '/nonexistent/traceprobe-bench-store';

interface Run {
  calls: number;
  /** Calls that are not in the store. */
  missing: number;
  /** Of the probe's own account. */
  lost: Record<string, number>;
  /** Events a second of the load, from its first call until all were acked. */
  perSecond: number;
  /** Calls a second while the load ran. */
  loadPerSecond: number;
  agentCpu: number;
  aggregatorCpu: number;
}

/** openat() as fast as two CPUs can, traced, shipped and stored on the same two. */
export const kernel: Suite = {
  name: 'kernel',
  needsPrograms: true,
  async measure(options) {
    const calls = options.quick ? 200_000 : 3_000_000;
    const runs: Run[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      options.say(`round ${round} of ${options.rounds}: ${calls} calls`);
      runs.push(await runOnce(calls, options));
    }
    const speed = median(runs.map(({ perSecond }) => perSecond));
    const worst = Math.max(...runs.map((run) => run.missing));
    const reasons = new Set(
      runs.flatMap(({ lost }) =>
        Object.entries(lost).flatMap(([reason, count]) => (count > 0 ? [reason] : [])),
      ),
    );
    const per = (pick: (run: Run) => number): string =>
      (median(runs.map((run) => pick(run) / run.calls)) * 1e6).toFixed(2);
    return {
      aims: [
        {
          aim: '≥ 600 k events/s from the kernel into the store on two CPUs, without loss',
          measured: `${Math.round(speed / 1000)} k events/s, ${worst} of ${calls} lost`,
          met: speed >= 600_000 && worst === 0,
        },
      ],
      parts: [
        markdownTable(
          ['from the kernel into the store', ''],
          [
            [
              'calls a second while the load ran',
              String(Math.round(median(runs.map((run) => run.loadPerSecond)))),
            ],
            ['events acked a second, from the first call until the last ack', String(Math.round(speed))],
            ['CPU time of the agent, µs an event', per((run) => run.agentCpu)],
            ['CPU time of the aggregator, µs an event', per((run) => run.aggregatorCpu)],
            ['lost in the worst run', `${worst}${worst > 0 ? `: ${[...reasons].join(', ')}` : ''}`],
          ],
        ),
      ],
    };
  },
};

async function runOnce(calls: number, { scratch, build, cpus }: SuiteOptions): Promise<Run> {
  const path = join(scratch, 'kernel.duckdb');
  const directory = join(scratch, 'spool');
  mkdirSync(directory);
  try {
    await using aggregator = startChild(
      { command: [process.execPath, here('aggregatorChild.ts'), path] },
      cpus,
    );
    const [, port = ''] = await aggregator.matched(/^listening on (\d+)$/m);
    const settings: KernelSettings = { address: `127.0.0.1:${port}`, directory };
    const command = [process.execPath, here('kernelChild.ts'), JSON.stringify(settings)] as const;
    await using agent = startChild({ command }, cpus);
    await agent.printed(/^ready$/m);
    const load = await runLoad(build, cpus, calls, missing);
    agent.signal('SIGINT');
    const probe = lastJson(await agent.ended()) as KernelResult;
    aggregator.signal('SIGINT');
    const { cpuSeconds } = lastJson(await aggregator.ended()) as AggregatorResult;
    const settled = Number(probe.settledAt);
    return {
      calls,
      missing: calls - (await countStored(path)),
      lost: probe.lost,
      perSecond: settled === 0 ? 0 : (calls * 1e9) / (settled - load.start),
      loadPerSecond: (calls * 1e9) / (load.end - load.start),
      agentCpu: probe.cpuSeconds,
      aggregatorCpu: cpuSeconds,
    };
  } finally {
    for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true });
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What is believed is what can be read. */
async function countStored(path: string): Promise<number> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    const views = await connection.runAndReadAll('SELECT view_name FROM meta.views');
    const view = views.getRowsJS()[0]?.[0] as string;
    const result = await connection.runAndReadAll(
      `SELECT count(*) FROM events."${view}" WHERE filename = '${missing}'`,
    );
    return Number(result.getRowsJS()[0]?.[0]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
