import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer } from '../cluster/controlPlane/serverProcess.ts';

export interface OtelCollectorOptions {
  /** See otelCollectorBinary. */
  program: string;
  /** Its own: configuration, positions, what it has read, its log. One that was used before goes on where it was. */
  directory: string;
  /** Patterns of the files that it reads, from their beginning. */
  include: readonly string[];
  /** Milliseconds between two looks at the files; it notes its positions as often. Default 50. */
  pollMilliseconds?: number;
}

export interface ShippedLine {
  /** Of the file, as the shipper saw it. */
  path: string;
  text: string;
}

/** A running OpenTelemetry Collector that reads files. */
export interface OtelCollector {
  pid: number;
  /** The directory of its file_storage: the path of positions of format OtelCol. */
  positions: string;
  /** What it has read and written out so far, by all that ran in this directory. */
  lines(): Promise<ShippedLine[]>;
  /** Ends it, SIGTERM in good order: with all that it has read written out. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Starts a collector; it reads when this resolves. It is killed when this process goes. */
export async function startOtelCollector(options: OtelCollectorOptions): Promise<OtelCollector> {
  const { program, directory, include, pollMilliseconds = 50 } = options;
  const [positions, output] = [join(directory, 'positions'), join(directory, 'lines.json')];
  const [configuration, log] = [join(directory, 'collector.json'), join(directory, 'collector.log')];
  await mkdir(positions, { recursive: true });
  await writeFile(
    configuration,
    JSON.stringify(configurationOf(positions, output, include, pollMilliseconds)),
  );
  const begun = existsSync(log) ? (await readFile(log, 'utf8')).length : 0;
  const server = await startServer(program, [`--config=${configuration}`], log);
  await server.untilReady(async () =>
    (await readFile(log, 'utf8')).slice(begun).includes('Everything is ready'),
  );
  return {
    pid: server.pid,
    positions,
    lines: async () => (existsSync(output) ? linesOf(await readFile(output, 'utf8')) : []),
    stop: (signal = 'SIGTERM') => server.stop(signal),
  };
}

function configurationOf(
  positions: string,
  output: string,
  include: readonly string[],
  pollMilliseconds: number,
): object {
  return {
    extensions: { file_storage: { directory: positions } },
    receivers: {
      filelog: {
        ...{ include, start_at: 'beginning', storage: 'file_storage' },
        ...{ poll_interval: `${pollMilliseconds}ms`, include_file_path: true },
      },
    },
    exporters: { file: { path: output, append: true, flush_interval: '20ms' } },
    service: {
      extensions: ['file_storage'],
      pipelines: { logs: { receivers: ['filelog'], exporters: ['file'] } },
      telemetry: { metrics: { level: 'none' } }, // it would listen on a port
    },
  };
}

interface ExportedLogs {
  resourceLogs: { scopeLogs: { logRecords: LogRecord[] }[] }[];
}

interface LogRecord {
  body: { stringValue: string };
  attributes: { key: string; value: { stringValue: string } }[];
}

/** A batch in JSON a line; the last may be half written. */
function linesOf(exported: string): ShippedLine[] {
  const batches = exported.split('\n').slice(0, -1);
  return batches
    .map((batch) => JSON.parse(batch) as ExportedLogs)
    .flatMap(({ resourceLogs }) => resourceLogs)
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .map(({ body, attributes }) => ({
      path: attributes.find(({ key }) => key === 'log.file.path')?.value.stringValue ?? '',
      text: body.stringValue,
    }));
}
