import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { crc32 } from 'node:zlib';
import { DesiredStateSchema, type DesiredState } from '../rpc/gen/traceprobe/v1/agent_pb.ts';
import { writeAtomically } from './delivery/writeAtomically.ts';

const magic = Buffer.from('TPPLAN1\n');

/** Writes down what the controller wants, complete, so that a restart without controller goes on from it. */
export function writePlan(file: string, state: DesiredState): void {
  const bytes = toBinary(DesiredStateSchema, state);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(bytes));
  writeAtomically(file, Buffer.concat([magic, checksum, bytes]));
}

/**
 * The plan that was written last; undefined: none was.
 * @throws Error when what is there is no plan, or a damaged one
 */
export function readPlan(file: string): DesiredState | undefined {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const head = magic.length + 4;
  const bytes = content.subarray(head);
  if (
    content.length < head ||
    !content.subarray(0, magic.length).equals(magic) ||
    content.readUInt32LE(magic.length) !== crc32(bytes)
  ) {
    throw new Error(`${file} is damaged: its checksum is not that of its content`);
  }
  return fromBinary(DesiredStateSchema, bytes);
}
