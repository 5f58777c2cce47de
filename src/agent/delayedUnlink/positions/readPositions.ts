import { stat } from 'node:fs/promises';
import type { PositionsFormat } from '../../../probe/plan.ts';
import { fluentBitPositions } from './fluentBitPositions.ts';
import { fluentdPositions } from './fluentdPositions.ts';
import { matchPositions } from './matchPositions.ts';
import { otelColPositions } from './otelColPositions.ts';
import { companionsOf, positionFiles } from './positionFiles.ts';
import type { FilePosition, Positions } from './positions.ts';
import { PositionsError } from './positionsError.ts';
import { promtailPositions } from './promtailPositions.ts';
import { readNotes, readSteadyNotes, unreadable, type Notes } from './readNotes.ts';
import { vectorPositions } from './vectorPositions.ts';

interface NotedFiles {
  positions: FilePosition[];
  writtenAt: number;
}

const mebibyte = 1024 * 1024;

/** One file of positions; undefined: there are none in it, and need not be. */
const readers: Record<PositionsFormat, (file: string) => Promise<NotedFiles | undefined>> = {
  Fluentd: async (file) => {
    // Changed in place, digit by digit.
    const [notes] = await readSteadyNotes([file], 16 * mebibyte);
    return parsed(fluentdPositions, notes, file);
  },
  FluentBit: async (file) => {
    const all = await readSteadyNotes([file, ...companionsOf('FluentBit', file)], 64 * mebibyte);
    const empty = Buffer.alloc(0);
    const [database = empty, log = empty, journal = empty] = all.map((notes) => notes?.bytes);
    return {
      positions: fluentBitPositions({ database, log, journal }, file),
      writtenAt: Math.max(...all.map((notes) => notes?.writtenAt ?? 0)),
    };
  },
  // YAML takes its time: a second a mebibyte.
  Promtail: async (file) => parsed(promtailPositions, await readNotes(file, mebibyte), file),
  Vector: async (file) => parsed(vectorPositions, await readNotes(file, 16 * mebibyte), file),
  OtelCol: async (file) => {
    const { mtimeMs } = await stat(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    const positions = await otelColPositions(file);
    return positions && { positions, writtenAt: mtimeMs };
  },
};

function parsed(
  parse: (bytes: Buffer, file: string) => FilePosition[],
  notes: Notes | undefined,
  file: string,
): NotedFiles | undefined {
  return notes && { positions: parse(notes.bytes, file), writtenAt: notes.writtenAt };
}

/**
 * How far a shipper has read, by what it has noted at `path`: a file or a directory (see positionFiles), as this process
 * can open it. Takes no lock and writes nothing. Throws a PositionsError and nothing else, whatever it finds.
 */
export async function readPositions(format: PositionsFormat, path: string): Promise<Positions> {
  const files = await positionFiles(format, path);
  const read = await Promise.all(files.map(readers[format]));
  const noted = read.filter((one) => one !== undefined);
  if (noted.length === 0) {
    throw new PositionsError(
      'Missing',
      path,
      'no receiver notes files there',
      'name the file_storage that filelog uses, and let its `storage` name that',
    );
  }
  return matchPositions(
    noted.flatMap(({ positions }) => positions),
    Math.max(...noted.map(({ writtenAt }) => writtenAt)),
  );
}
