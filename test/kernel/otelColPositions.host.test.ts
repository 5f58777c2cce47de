import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  headBytes,
  type Reading,
  type ShippedFile,
} from '../../src/agent/delayedUnlink/positions/positions.ts';
import { readPositions } from '../../src/agent/delayedUnlink/positions/readPositions.ts';
import { watchPositions } from '../../src/agent/delayedUnlink/positions/watchPositions.ts';
import { startOtelCollector, type OtelCollector } from '../shippers/otelCollector.ts';
import { otelCollectorBinary } from '../shippers/otelCollectorBinary.ts';
import { withScratchDirectory } from '../vm/scratchDirectory.ts';

let program = '';
beforeAll(async () => {
  program = await otelCollectorBinary(console.error);
}, 900_000);

function shippedFile(path: string): ShippedFile {
  const { ino, dev, size } = statSync(path, { bigint: true });
  return { path, inode: ino, device: dev, size, head: () => readFileSync(path).subarray(0, headBytes) };
}

/** What the positions say of a file once they say what is waited for. */
function untilPositions(
  { positions }: OtelCollector,
  path: string,
  isThat: (reading: Reading | undefined, file: ShippedFile) => boolean,
): Promise<Reading | undefined> {
  const ended = new AbortController();
  return new Promise<Reading | undefined>((resolve, reject) => {
    const look = async (): Promise<void> => {
      const read = await readPositions('OtelCol', positions);
      const file = shippedFile(path);
      const reading = read.of(file);
      if (isThat(reading, file)) resolve(reading);
    };
    watchPositions('OtelCol', positions, {
      onChange: () => {
        look().catch(reject);
      },
      signal: ended.signal,
    });
  }).finally(() => {
    ended.abort();
  });
}

const readToItsEnd = (reading: Reading | undefined, { size }: ShippedFile): boolean =>
  reading?.offset === size;

async function withCollector<Result>(
  use: (collector: OtelCollector, logs: string, again: () => Promise<OtelCollector>) => Promise<Result>,
): Promise<Result> {
  return withScratchDirectory(async (directory) => {
    const logs = join(directory, 'logs');
    mkdirSync(logs);
    const options = { program, directory, include: [join(logs, '*.log*')], pollMilliseconds: 10 };
    const running: OtelCollector[] = [];
    const start = async (): Promise<OtelCollector> => {
      const collector = await startOtelCollector(options);
      running.push(collector);
      return collector;
    };
    try {
      return await use(await start(), logs, start);
    } finally {
      for (const collector of running) await collector.stop('SIGKILL');
    }
  });
}

describe('the positions of an OpenTelemetry Collector', () => {
  test('say when a file has been read to its end, and what was read by then has been written out', async () => {
    await withCollector(async (collector, logs) => {
      const path = join(logs, 'a.log');
      const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
      writeFileSync(path, `${lines.join('\n')}\n`);
      await untilPositions(collector, path, readToItsEnd);
      await collector.stop();
      expect((await collector.lines()).map(({ text }) => text)).toEqual(lines);
    });
  });

  test('know a file that was renamed, and one that has grown meanwhile', async () => {
    await withCollector(async (collector, logs, again) => {
      const [path, renamed] = [join(logs, 'a.log'), join(logs, 'a.log.1')];
      writeFileSync(path, 'one line\n');
      await untilPositions(collector, path, readToItsEnd);
      await collector.stop();
      renameSync(path, renamed);
      appendFileSync(renamed, 'another line\n');
      writeFileSync(path, 'of a new file\n');
      const positions = await readPositions('OtelCol', collector.positions);
      expect(positions.of(shippedFile(renamed))?.offset).toBe(9n);
      expect(positions.of(shippedFile(path))).toBeUndefined();
      const next = await again();
      await untilPositions(next, renamed, readToItsEnd);
      await untilPositions(next, path, readToItsEnd);
      await next.stop();
      expect((await next.lines()).map(({ text }) => text).sort()).toEqual([
        'another line',
        'of a new file',
        'one line',
      ]);
    });
  });

  test('say of a file that was truncated and written anew that it is another', async () => {
    await withCollector(async (collector, logs) => {
      const path = join(logs, 'a.log');
      writeFileSync(path, 'one line\nanother line\n');
      await untilPositions(collector, path, readToItsEnd);
      await collector.stop();
      writeFileSync(path, 'one');
      expect((await readPositions('OtelCol', collector.positions)).of(shippedFile(path))).toBeUndefined();
      writeFileSync(path, 'something else\n');
      expect((await readPositions('OtelCol', collector.positions)).of(shippedFile(path))).toBeUndefined();
    });
  });

  test('can be read at any moment while it writes them, of many files, and never say too much', async () => {
    await withCollector(async (collector, logs) => {
      const paths = Array.from({ length: 200 }, (_, index) => join(logs, `${index}.log`));
      for (const path of paths) writeFileSync(path, `${path} ${'x'.repeat(900)}\n`);
      const before = new Map<string, bigint>();
      for (let round = 0; round < 200 || before.size < 100; round++) {
        const path = paths[(round * 7) % paths.length] ?? '';
        appendFileSync(path, `${round}\n`);
        const positions = await readPositions('OtelCol', collector.positions).catch(missingAtFirst);
        const reading = positions?.of(shippedFile(path));
        if (reading === undefined) continue;
        expect(reading.truncated).toBeUndefined();
        expect(reading.offset).toBeGreaterThanOrEqual(before.get(path) ?? 0n);
        before.set(path, reading.offset);
      }
    });
  });
});

/** The collector makes its database when it starts, and notes files when there are any. */
function missingAtFirst(error: unknown): undefined {
  expect(error).toMatchObject({ reason: 'Missing' });
}
