import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { DelayedUnlinks } from '../../src/agent/delayedUnlink/delayedUnlinks.ts';
import type { FileEvent } from '../../src/agent/delayedUnlink/fileEvent.ts';
import { KeepJournal } from '../../src/agent/delayedUnlink/keepJournal.ts';
import { UnlinkHooks } from '../../src/agent/delayedUnlink/unlinkHooks.ts';
import { until } from '../../src/testing/until.ts';
import { startOtelCollector, type OtelCollector } from '../shippers/otelCollector.ts';
import { otelCollectorBinary } from '../shippers/otelCollectorBinary.ts';
import { planToKeep, Scratch } from './delayedUnlinkFixture.ts';
import { bestWay, oneWay } from './eachWay.ts';

const files = 60;
const linesOfEach = 5;

/** A container that logs and dies, one after another, as fast as it can. */
function writeAndDelete(scratch: Scratch): string[] {
  return Array.from({ length: files }, (_, file) => {
    const directory = scratch.directory('logs', `pod-${file}`);
    const lines = Array.from({ length: linesOfEach }, (__, line) => `line ${line} of pod ${file}`);
    writeFileSync(`${directory}/0.log`, lines.map((line) => `${line}\n`).join(''));
    rmSync(`${directory}/0.log`, { force: true });
    return lines;
  }).flat();
}

async function withCollector(
  use: (scratch: Scratch, collector: OtelCollector) => Promise<string[]>,
): Promise<{ written: string[]; shipped: Set<string> }> {
  using scratch = new Scratch();
  scratch.directory('logs');
  const collector = await startOtelCollector({
    program: await otelCollectorBinary(console.error),
    directory: scratch.directory('collector'),
    include: [scratch.at('logs', '**', '*.log')],
    pollMilliseconds: 200,
  });
  try {
    const written = await use(scratch, collector);
    await collector.stop();
    return { written, shipped: new Set((await collector.lines()).map(({ text }) => text)) };
  } finally {
    await collector.stop('SIGKILL');
  }
}

oneWay('an OpenTelemetry Collector that reads the logs of pods that log and die', () => {
  beforeAll(async () => {
    await otelCollectorBinary(console.error);
  }, 900_000);

  test('loses lines when nothing delays deletions', async () => {
    const { written, shipped } = await withCollector((scratch) => Promise.resolve(writeAndDelete(scratch)));
    const lost = written.filter((line) => !shipped.has(line));
    console.log(`without delayedUnlink ${lost.length} of ${written.length} lines were lost`);
    expect(lost.length).toBeGreaterThan(0);
  });

  test('loses none with mode Hold, and every file goes once it has been read', async () => {
    const events: FileEvent[] = [];
    const { written, shipped } = await withCollector(async (scratch, collector) => {
      const unlinks = new DelayedUnlinks({
        openHooks: () => UnlinkHooks.open({ attach: bestWay, graceMilliseconds: 600_000 }),
        openJournal: () => new KeepJournal(scratch.at('kept.jsonl')),
        tell: (_, event) => events.push(event),
        log: () => undefined,
      });
      try {
        unlinks.apply(planToKeep(scratch.at('logs'), { format: 'OtelCol', path: collector.positions }));
        const lines = writeAndDelete(scratch);
        await until(() => events.filter(({ action }) => action === 'Deleted').length === files);
        expect(existsSync(scratch.at('logs', 'pod-0', '0.log'))).toBe(false);
        return lines;
      } finally {
        await unlinks.close();
      }
    });
    expect(written.filter((line) => !shipped.has(line))).toEqual([]);
    expect(events.filter(({ action }) => action === 'Held')).toHaveLength(files);
    expect(new Set(events.filter(({ action }) => action === 'Deleted').map(({ why }) => why))).toEqual(
      new Set(['Read']),
    );
  });
});
