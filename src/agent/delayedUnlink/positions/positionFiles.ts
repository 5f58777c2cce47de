import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PositionsFormat } from '../../../probe/plan.ts';
import { PositionsError } from './positionsError.ts';
import { unreadable } from './readNotes.ts';

/** More than these in a directory are nobody's. */
const mostFiles = 256;
const vectorFile = 'checkpoints.json';

/**
 * The files in which a shipper notes its positions: that at `path`, or those of all sources below it where it is a
 * directory (Vector's data_dir or a source's folder in it, a file_storage of the OpenTelemetry Collector). Throws a
 * PositionsError.
 */
export async function positionFiles(format: PositionsFormat, path: string): Promise<string[]> {
  if (format !== 'Vector' && format !== 'OtelCol') return [path];
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  });
  if (entries === undefined) return [path];
  const files =
    format === 'Vector'
      ? await vectorFiles(
          path,
          entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
        )
      : entries
          .filter((entry) => entry.isFile() && isReceivers(entry.name))
          .map(({ name }) => join(path, name));
  if (files.length > 0 && files.length <= mostFiles) return files;
  throw files.length === 0
    ? new PositionsError('Missing', path, 'no source has written any there', advice[format])
    : new PositionsError('TooLarge', path, `it has ${files.length} of them`, advice[format]);
}

const advice = {
  Vector: "wait until it has begun to read, or name Vector's data_dir as it is on the node",
  OtelCol: 'wait until it has begun to read, or name the directory of the file_storage that filelog uses',
};

async function vectorFiles(path: string, folders: string[]): Promise<string[]> {
  const directories = [path, ...folders.map((name) => join(path, name))];
  const found = await Promise.all(
    directories.map(async (directory) => {
      const names = await readdir(directory).catch((): string[] => []); // gone, or nobody's business
      return names.includes(vectorFile) ? [join(directory, vectorFile)] : [];
    }),
  );
  return found.flat();
}

/** Others are of exporters and processors, or damaged ones that were put aside (extension/storage/filestorage). */
function isReceivers(name: string): boolean {
  return name.startsWith('receiver_') && !name.endsWith('.backup');
}

/** The files that belong to a file of positions, where there are any. */
export function companionsOf(format: PositionsFormat, file: string): string[] {
  return format === 'FluentBit' ? [`${file}-wal`, `${file}-journal`] : [];
}
