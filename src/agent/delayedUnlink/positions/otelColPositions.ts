import { readBoltBucket } from './readBoltBucket.ts';
import { fieldOf } from './fieldOf.ts';
import type { FilePosition } from './positions.ts';
import { PositionsError } from './positionsError.ts';

/** Where file_storage keeps what it is given (extension/storage/filestorage/client.go). */
const bucket = 'default';
/** OPERATOR.knownFiles, and those of polls_to_archive (pkg/stanza/fileconsumer/internal/checkpoint, archive). */
const knownFiles = /(?:^|\.)knownFiles\d*$/;

/**
 * What a receiver of the OpenTelemetry Collector that reads files has noted in its file_storage; undefined when the
 * database is of a receiver that reads none. A file is known by its first bytes. The collector forgets a file three
 * polls after it was last there, unless polls_to_archive says otherwise.
 */
export async function otelColPositions(file: string): Promise<FilePosition[] | undefined> {
  const values = await readBoltBucket(file, bucket, (key) => knownFiles.test(key));
  if (values.size === 0) return undefined;
  return [...values.values()].flatMap((value) => filesOf(value, file));
}

/** A count, and so many objects, a line each. */
function filesOf(value: Buffer, file: string): FilePosition[] {
  const garbled = (why: string, cause?: unknown): PositionsError =>
    new PositionsError('Garbled', file, why, 'name the directory of the file_storage that filelog uses', {
      cause,
    });
  const [count = '', ...lines] = value.toString().trimEnd().split('\n');
  if (count !== String(lines.length)) throw garbled(`it notes ${lines.length} files and counts ${count}`);
  return lines.flatMap((line) => {
    let reader: unknown;
    try {
      reader = JSON.parse(line);
    } catch (error) {
      throw garbled('a line of it is no JSON', error); // not its words: they quote
    }
    const offset = fieldOf(reader, 'Offset');
    const firstBytes = fieldOf(fieldOf(reader, 'Fingerprint'), 'first_bytes');
    if (!Number.isSafeInteger(offset) || Number(offset) < 0) throw garbled('a file in it has no offset');
    return typeof firstBytes === 'string'
      ? [{ fingerprint: Buffer.from(firstBytes, 'base64'), offset: BigInt(Number(offset)) }]
      : [];
  });
}
