import { fieldOf } from './fieldOf.ts';
import type { FilePosition } from './positions.ts';
import { PositionsError } from './positionsError.ts';

/**
 * The checkpoints of a file or kubernetes_logs source of Vector: JSON of version 1
 * (lib/file-source-common/src/checkpointer.rs). A file is known by the checksum of its first line or by device and
 * inode; checksums that leave out a header (fingerprint.ignored_header_bytes) match nothing.
 */
export function vectorPositions(bytes: Buffer, file: string): FilePosition[] {
  let state: unknown;
  try {
    state = parseJson(bytes.toString());
  } catch (error) {
    throw garbled(file, 'it is no JSON', error); // not its words: they quote
  }
  const version = fieldOf(state, 'version');
  if (typeof version === 'string' && version !== '1') {
    throw new PositionsError(
      'UnknownVersion',
      file,
      `its version is ${JSON.stringify(version)}, and 1 is what is known`,
      'leave until.positions out until TraceProbe knows it',
    );
  }
  const checkpoints = fieldOf(state, 'checkpoints');
  if (version !== '1' || !Array.isArray(checkpoints)) {
    throw garbled(file, 'it has no version and checkpoints');
  }
  return checkpoints.map((checkpoint: unknown) => {
    const offset = fieldOf(checkpoint, 'position');
    if (typeof offset !== 'bigint' || offset < 0n) throw garbled(file, 'a checkpoint in it has no position');
    return { ...identityOf(fieldOf(checkpoint, 'fingerprint')), offset };
  });
}

/** The value of a JSON text, its whole numbers as bigints: checksums have 64 bits. Throws a SyntaxError. */
function parseJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? '')
      : value,
  );
}

/** None for the kinds that are gone from Vector, which it replaces when it starts. */
function identityOf(fingerprint: unknown): Pick<FilePosition, 'inode' | 'device' | 'checksum'> {
  const identity = fieldOf(fingerprint, 'dev_inode');
  const [device, inode] = [fieldOf(identity, '0'), fieldOf(identity, '1')];
  if (typeof device === 'bigint' && typeof inode === 'bigint') return { device, inode };
  const checksum = ['first_lines_checksum', 'first_line_checksum', 'checksum']
    .map((kind) => fieldOf(fingerprint, kind))
    .find((value) => typeof value === 'bigint');
  return checksum === undefined ? {} : { checksum };
}

function garbled(file: string, why: string, cause?: unknown): PositionsError {
  return new PositionsError(
    'Garbled',
    file,
    why,
    "name the folder of the source in Vector's data_dir, or the checkpoints.json in it",
    { cause },
  );
}
