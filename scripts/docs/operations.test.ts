import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Agent } from '../../src/agent/agent.ts';
import { agentMetrics } from '../../src/agent/agentMetrics.ts';
import { AggregatorMetrics, type AggregatorMetricSources } from '../../src/aggregator/aggregatorMetrics.ts';
import type { Store } from '../../src/aggregator/store/store.ts';
import { ControllerMetrics, type MetricSources } from '../../src/controller/metrics.ts';
import { namesInTable } from './namesInTable.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');
const page = await read('docs/operations.md');

test('every metric that is registered is in the page, and no other', () => {
  // Nothing is measured before a scrape, and there is none here.
  const controller = new ControllerMetrics({} as MetricSources);
  const store = new EventEmitter() as Store;
  const aggregator = new AggregatorMetrics({ store } as AggregatorMetricSources);
  try {
    const registries = [agentMetrics({} as Agent), aggregator.registry, controller.registry];
    const names = registries
      .flatMap((registry) => registry.getMetricsAsArray().map(({ name }) => name))
      .filter((name) => name.startsWith('traceprobe_'));
    expect(namesInTable(page, 'Metrics').sort()).toEqual(names.sort());
  } finally {
    controller.close();
  }
});

test('every alert of the chart is in the page with its severity, and no other', async () => {
  const alerts = parse(await read('helm/traceprobe/files/alerts.yaml')) as {
    alert: string;
    labels: { severity: string };
  }[];
  expect(namesInTable(page, 'Alerts')).toEqual(alerts.map(({ alert }) => alert));
  for (const { alert, labels } of alerts) {
    expect(page).toMatch(new RegExp(`\\| \`${alert}\` +\\| ${labels.severity} `));
  }
});
