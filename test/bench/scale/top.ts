import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient } from '../../../src/rpc/createClient.ts';
import {
  EventsService,
  type TopRequestSchema,
  type TopResponse,
} from '../../../src/rpc/gen/traceprobe/v1/read_pb.ts';
import { bearer } from '../../../src/rpc/identity.ts';
import { startChild } from '../child.ts';
import { markdownTable } from '../markdownTable.ts';
import { median } from '../median.ts';
import type { FillResult, FillSettings } from './fillChild.ts';
import { here } from './here.ts';
import { lastJson } from './lastJson.ts';
import type { ReaderResult, ReaderSettings } from './readerChild.ts';
import type { Suite, SuiteOptions } from './suite.ts';

type Query = Omit<MessageInitShape<typeof TopRequestSchema>, '$typeName'>;

/** The first one is what the aim is about; a name is one of 1,000. */
const queries: readonly { title: string; query: Query }[] = [
  { title: 'top 10 of 1,000 names', query: { by: ['name'] } },
  { title: 'top 10 of 3 comms', query: { by: ['comm'] } },
  { title: 'top 10 of names by the sum of durations', query: { by: ['name'], value: 'sum(duration)' } },
  { title: 'top 10 of pairs of comm and name', query: { by: ['comm', 'name'] } },
  { title: 'top 10 of names, of one comm', query: { by: ['name'], filter: 'comm == "bash"' } },
];

/** As the chart has it: of the database, and of its container. */
const memoryLimit = 2 ** 30;
const containerLimit = 2 ** 31;
const aimedRows = 100_000_000;
const fillSeconds = 240;

/** Top of many events, by the gRPC call that the command line makes, in a process with the chart's memory limit. */
export const top: Suite = {
  name: 'top',
  needsPrograms: false,
  async measure(options) {
    const path = join(options.scratch, 'top.duckdb');
    try {
      const rows = options.size ?? (options.quick ? 1_000_000 : aimedRows);
      options.say(`filling a store with ${rows.toLocaleString('en')} events, at most ${fillSeconds} s`);
      const filled = await fill({ path, rows, seconds: fillSeconds }, options);
      options.say(
        `${filled.rows.toLocaleString('en')} events in ${filled.seconds.toFixed(0)} s, ${megabytes(filled.bytes)} MB`,
      );
      return await measureQueries(path, filled, options);
    } finally {
      for (const suffix of ['', '.wal', '.tmp']) rmSync(path + suffix, { force: true, recursive: true });
    }
  },
};

async function fill(settings: FillSettings, { cpus }: SuiteOptions): Promise<FillResult> {
  const command = [process.execPath, here('fillChild.ts'), JSON.stringify(settings)] as const;
  await using child = startChild({ command, mostMs: 2 * fillSeconds * 1000 }, cpus);
  return lastJson(await child.ended()) as FillResult;
}

async function measureQueries(
  path: string,
  filled: FillResult,
  { rounds, cpus, say }: SuiteOptions,
): ReturnType<Suite['measure']> {
  const settings: ReaderSettings = { path, memoryLimit };
  const command = [process.execPath, here('readerChild.ts'), JSON.stringify(settings)] as const;
  await using server = startChild({ command }, cpus);
  const [, port = ''] = await server.matched(/^listening on (\d+)$/m);
  const client = createClient(EventsService, `127.0.0.1:${port}`, credentials.createInsecure());
  const run = async (query: Query): Promise<number> => {
    const started = performance.now();
    const call = client.top({ probe: 'bench', ...query }, bearer('reader'));
    let rows = 0n;
    call.on('data', ({ message }: TopResponse) => {
      if (message.case === 'end') rows = message.value.rows;
    });
    await once(call, 'end');
    if (rows === 0n) throw new Error(`there is no top of ${(query.by ?? []).join(', ')}`);
    return (performance.now() - started) / 1000;
  };
  const measured = [];
  for (const { title, query } of queries) {
    say(title);
    const cold = await run(query);
    const warm = [];
    for (let round = 0; round < rounds; round++) warm.push(await run(query));
    measured.push({ title, cold, warm: median(warm) });
  }
  say('all of them at once');
  const together = performance.now();
  await Promise.all(queries.map(({ query }) => run(query)));
  const allAtOnce = (performance.now() - together) / 1000;
  client.close();
  server.signal('SIGINT');
  const { peakBytes } = lastJson(await server.ended()) as ReaderResult;

  const first = measured[0]?.warm ?? 0;
  const events = filled.rows.toLocaleString('en');
  return {
    aims: [
      {
        aim: `top 10 of ≤ 1,000 values over ${aimedRows.toLocaleString('en')} events ≤ 1 s warm`,
        measured: `${first.toFixed(2)} s${filled.rows < aimedRows ? ` over ${events}` : ''}`,
        met: first <= 1 && filled.rows >= aimedRows,
      },
      {
        aim: `memory within the chart's ${megabytes(containerLimit)} MB while queries run`,
        measured: `${megabytes(peakBytes)} MB`,
        met: peakBytes <= containerLimit,
      },
    ],
    parts: [
      markdownTable(
        [
          `${events} events of ${filled.columns} columns, ${megabytes(filled.bytes)} MB`,
          'first, s',
          'warm, s',
        ],
        [
          ...measured.map(({ title, cold, warm }) => [title, cold.toFixed(2), warm.toFixed(2)]),
          ['all five at once', '', allAtOnce.toFixed(2)],
        ],
      ),
    ],
  };
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString('en');
}
