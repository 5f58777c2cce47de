import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PositionsFormat } from '../../../probe/plan.ts';
import type { ShippedFile } from './positions.ts';
import { PositionsError } from './positionsError.ts';
import { readPositions } from './readPositions.ts';
import { boltDatabase } from './testing/boltDatabase.ts';
import { FluentBitDatabase } from './testing/fluentBitDatabase.ts';
import { scratchDirectory } from './testing/scratchDirectory.ts';

const log: ShippedFile = {
  path: '/var/log/a.log',
  inode: 5n,
  device: 8n,
  size: 100n,
  head: () => Buffer.from('hello\nworld\n'),
};

/** 40 bytes of that log have been read. */
const notesOf: Record<PositionsFormat, (file: string) => void> = {
  Fluentd: (file) => {
    writeFileSync(file, '/var/log/a.log\t0000000000000028\t0000000000000005\n');
  },
  FluentBit: (file) => {
    using shipper = new FluentBitDatabase(file);
    shipper.insert('/var/log/a.log', 5n, 40n);
  },
  Promtail: (file) => {
    writeFileSync(file, 'positions:\n  /var/log/a.log: "40"\n');
  },
  Vector: (file) => {
    writeFileSync(file, vectorNotes);
  },
  OtelCol: (file) => {
    writeFileSync(file, collectorNotes('file_input.knownFiles'));
  },
};

const vectorNotes =
  '{"version":"1","checkpoints":[{"fingerprint":{"dev_inode":[8,5]},"position":40,"modified":"2024-01-01T00:00:00Z"}]}';

function collectorNotes(key: string): Buffer {
  const firstBytes = Buffer.from('hello\nwor').toString('base64');
  const reader = `{"Fingerprint":{"first_bytes":"${firstBytes}"},"Offset":40,"RecordNum":2,"FileAttributes":{"log.file.name":"a.log"}}`;
  return boltDatabase({
    bucket: 'default',
    entries: { [key]: Buffer.from(`1\n${reader}\n`) },
    layout: 'inline',
  });
}

const formats = Object.keys(notesOf) as PositionsFormat[];

async function reasonOf(format: PositionsFormat, path: string): Promise<string> {
  const error: unknown = await readPositions(format, path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PositionsError ? error.reason : String(error);
}

describe.each(formats)('the notes of %s', (format) => {
  test('say how far a file has been read, and since when', async () => {
    using scratch = scratchDirectory();
    const file = join(scratch.path, 'notes');
    notesOf[format](file);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const positions = await readPositions(format, file);
    expect(positions.of(log)?.offset).toBe(40n);
    expect(positions.of({ ...log, path: '/b', inode: 6n, head: () => Buffer.from('else') })).toBeUndefined();
    expect(positions.writtenAt).toBe(1_700_000_000_000);
  });

  test('that are not there are missing, and what is no file cannot be read', async () => {
    using scratch = scratchDirectory();
    expect(await reasonOf(format, join(scratch.path, 'none'))).toBe('Missing');
    expect(await reasonOf(format, '/dev/zero')).toMatch(/^(Unreadable|Garbled)$/);
  });

  test('are refused with nothing but a PositionsError, whatever is in them', async () => {
    using scratch = scratchDirectory();
    const file = join(scratch.path, 'notes');
    notesOf[format](file);
    const whole = readFileSync(file);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }));
    const damaged = fc
      .tuple(fc.array(change, { maxLength: 6 }), fc.nat(whole.length), fc.boolean())
      .map(([changes, length, cut]) => {
        const bytes = Buffer.from(whole);
        for (const [at, values] of changes) bytes.set(values.subarray(0, whole.length - at), at);
        return cut ? bytes.subarray(0, length) : bytes;
      });
    const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof({ arbitrary: damaged, weight: 4 }, garbage), async (bytes) => {
        writeFileSync(file, bytes);
        const outcome = await readPositions(format, file).then(
          (positions) => positions.of(log)?.offset ?? 0n,
          (error: unknown) => error,
        );
        expect(typeof outcome === 'bigint' || outcome instanceof PositionsError).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

test('a file that is too large is not read', async () => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, 'positions.yaml');
  writeFileSync(file, Buffer.alloc(2 * 1024 * 1024));
  expect(await reasonOf('Promtail', file)).toBe('TooLarge');
});

describe("in Vector's data_dir", () => {
  test('the checkpoints of all sources are read', async () => {
    using scratch = scratchDirectory();
    for (const [source, position] of [
      ['kubernetes', '40'],
      ['files', '30'],
    ] as const) {
      mkdirSync(join(scratch.path, source));
      writeFileSync(join(scratch.path, source, 'checkpoints.json'), vectorNotes.replace('40', position));
    }
    mkdirSync(join(scratch.path, 'buffer'));
    expect((await readPositions('Vector', scratch.path)).of(log)?.offset).toBe(30n);
    expect((await readPositions('Vector', join(scratch.path, 'kubernetes'))).of(log)?.offset).toBe(40n);
    expect(await reasonOf('Vector', join(scratch.path, 'buffer'))).toBe('Missing');
  });
});

describe('in the directory of a file_storage', () => {
  test('the databases of receivers are read, and no others', async () => {
    using scratch = scratchDirectory();
    notesOf.OtelCol(join(scratch.path, 'receiver_filelog_pods'));
    writeFileSync(join(scratch.path, 'receiver_syslog_'), collectorNotes('other'));
    writeFileSync(join(scratch.path, 'receiver_filelog_.2024-01-01T00:00:00.000.backup'), 'damaged');
    writeFileSync(join(scratch.path, 'exporter_otlp__'), 'a queue');
    expect((await readPositions('OtelCol', scratch.path)).of(log)?.offset).toBe(40n);
  });

  test('what was archived counts', async () => {
    using scratch = scratchDirectory();
    writeFileSync(join(scratch.path, 'receiver_filelog_'), collectorNotes('file_input.knownFiles12'));
    expect((await readPositions('OtelCol', scratch.path)).of(log)?.offset).toBe(40n);
  });

  test('where no receiver notes files the reason says what to set', async () => {
    using scratch = scratchDirectory();
    writeFileSync(join(scratch.path, 'receiver_syslog_'), collectorNotes('other'));
    await expect(readPositions('OtelCol', scratch.path)).rejects.toThrow(
      `cannot go by the positions in ${scratch.path}: no receiver notes files there: name the file_storage that filelog uses, and let its \`storage\` name that`,
    );
  });
});
