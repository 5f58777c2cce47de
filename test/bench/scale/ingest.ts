import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import { markdownTable } from '../markdownTable.ts';
import { median } from '../median.ts';
import type { AgentsResult, AgentsSettings } from './agentsChild.ts';
import type { AggregatorResult } from './aggregatorChild.ts';
import type { AppendResult, AppendSettings } from './appendChild.ts';
import { here } from './here.ts';
import { lastJson } from './lastJson.ts';
import type { Suite, SuiteOptions } from './suite.ts';

/** What agents send: how many, and how much at a time. */
interface Load {
  title: string;
  agents: number;
  frames: number;
  rowsPerFrame: number;
  names: number;
}

const loads: readonly Load[] = [
  { title: '4 agents, 16,384 events a frame', agents: 4, frames: 64, rowsPerFrame: 16_384, names: 1000 },
  { title: '20 agents, 1,000 events a frame', agents: 20, frames: 100, rowsPerFrame: 1000, names: 100 },
  { title: '100 agents, 100 events a frame', agents: 100, frames: 60, rowsPerFrame: 100, names: 20 },
];

/** What came of one run. */
interface Run extends AgentsResult {
  aggregator: AggregatorResult;
}

/** Agents' frames into a real aggregator over real connections: events acked a second, beside plain appending. */
export const ingest: Suite = {
  name: 'ingest',
  needsPrograms: false,
  async measure(options) {
    const { rounds, quick, say } = options;
    const runs = new Map<string, Run[]>(loads.map(({ title }) => [title, []]));
    const appended = new Map<AppendSettings['how'], number[]>([
      ['vectors', []],
      ['rows', []],
    ]);
    for (let round = 1; round <= rounds; round++) {
      for (const load of loads) {
        say(`round ${round} of ${rounds}: ${load.title}`);
        const frames = quick ? Math.ceil(load.frames / 8) : load.frames;
        runs.get(load.title)?.push(await runOnce({ ...load, frames }, options));
      }
      for (const [how, speeds] of appended) {
        say(`round ${round} of ${rounds}: appended as ${how}`);
        const frames = how === 'rows' ? 16 : quick ? 16 : 128;
        speeds.push(await appendOnce({ how, frames, rowsPerFrame: 16_384, names: 1000 }, options));
      }
    }
    return reportOf(runs, appended);
  },
};

async function runOnce({ agents, frames, rowsPerFrame, names }: Load, options: SuiteOptions): Promise<Run> {
  const path = join(options.scratch, 'ingest.duckdb');
  const { cpus } = options;
  try {
    await using aggregator = startChild(
      { command: [process.execPath, here('aggregatorChild.ts'), path] },
      cpus,
    );
    const [, port = ''] = await aggregator.matched(/^listening on (\d+)$/m);
    const settings: AgentsSettings = {
      address: `127.0.0.1:${port}`,
      ...{ agents, frames, rowsPerFrame, names },
    };
    const command = [process.execPath, here('agentsChild.ts'), JSON.stringify(settings)] as const;
    await using shippers = startChild({ command }, cpus);
    const shipped = lastJson(await shippers.ended()) as AgentsResult;
    aggregator.signal('SIGINT');
    const result = lastJson(await aggregator.ended()) as AggregatorResult;
    if (result.rows !== shipped.rows) {
      throw new Error(`${shipped.rows} events were acked and ${result.rows} stored`);
    }
    return { ...shipped, aggregator: result };
  } finally {
    for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true });
  }
}

/** Rows a second. */
async function appendOnce(
  settings: Omit<AppendSettings, 'path'>,
  { scratch, cpus }: SuiteOptions,
): Promise<number> {
  const path = join(scratch, 'append.duckdb');
  const argument: AppendSettings = { ...settings, path };
  try {
    const command = [process.execPath, here('appendChild.ts'), JSON.stringify(argument)] as const;
    await using child = startChild({ command }, cpus);
    const { rows, seconds } = lastJson(await child.ended()) as AppendResult;
    return rows / seconds;
  } finally {
    for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true });
  }
}

function reportOf(
  runs: ReadonlyMap<string, readonly Run[]>,
  appended: ReadonlyMap<AppendSettings['how'], readonly number[]>,
): Awaited<ReturnType<Suite['measure']>> {
  const rows = [...runs].map(([title, own]) => [
    title,
    thousands(median(own.map(speed))),
    (median(own.map(({ aggregator, rows: count }) => aggregator.cpuSeconds / count)) * 1e6).toFixed(2),
    median(own.map(({ bytes, rows: count }) => bytes / count)).toFixed(1),
    String(Math.round(median(own.map(({ aggregator }) => aggregator.peakBytes)) / 1e6)),
  ]);
  const best = median([...runs.values()][0]?.map(speed) ?? [0]);
  const peers = [
    ['whole vectors appended, nothing else (13 columns)', thousands(median(appended.get('vectors') ?? [0]))],
    ["value by value with DuckDB's appender", thousands(median(appended.get('rows') ?? [0]))],
  ].map(([title = '', value = '']) => [title, value, '', '', '']);
  const head = ['events into the store', 'k events/s', 'CPU µs an event', 'bytes an event', 'MB at most'];
  return {
    aims: [
      {
        aim: '≥ 1 M events/s from agents into the store on two CPUs',
        measured: `${(best / 1e6).toFixed(2)} M events/s`,
        met: best >= 1e6,
      },
    ],
    parts: [markdownTable(head, [...rows, ...peers])],
  };
}

function speed({ rows, seconds }: AgentsResult): number {
  return rows / seconds;
}

function thousands(value: number): string {
  return String(Math.round(value / 1000));
}
