import { traceProbeResource, type TraceProbe } from '../../api/index.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import { ask, clusterApi } from './clusterApi.ts';
import type { ReadOptions } from './readOptions.ts';

/**
 * Status of a TraceProbe: conditions, nodes, and what failed where.
 *
 * @throws CliError
 */
export async function statusLines(options: ReadOptions, name: string): Promise<string[]> {
  using cluster = clusterApi(options);
  const { group, version, plural: resource } = traceProbeResource;
  const path = resourcePath({ group, version, resource, name });
  const { status } = await ask(cluster.api.get<TraceProbe>(path), (error) =>
    error.status === 404 ? { message: `there is no TraceProbe ${name}` } : undefined,
  );
  const { conditions = [], nodes, failures = [] } = status ?? {};
  const counts = Object.entries(nodes ?? {}).map(([what, count]) => `${what} ${String(count)}`);
  return [
    `TraceProbe ${name}`,
    ...alignColumns(
      conditions.map(({ type, status: value, reason, message }) =>
        [type, value, reason, message].map(escapeText),
      ),
      { indent: 2 },
    ),
    ...(counts.length > 0 ? [`  nodes: ${counts.join(', ')}`] : []),
    ...failures.flatMap(({ reason, message, count, nodes: where }) => [
      `  ${count} × ${escapeText(reason)}: ${escapeText(message)}`,
      `    on ${where.map(escapeText).join(', ')}${count > where.length ? ', …' : ''}`,
    ]),
  ];
}
