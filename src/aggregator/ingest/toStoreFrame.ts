import type { ColumnType } from '../../probe/plan.ts';
import type { AgentIdentity } from '../../rpc/identity.ts';
import type { EpochAccount, Frame, PointSchema } from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import { FrameError, type FrameAccount, type PointDescription, type StoreFrame } from '../store/frame.ts';

const columnTypes: ReadonlySet<string> = new Set<ColumnType>([
  ...(['Int64', 'Uint64', 'Float64', 'Bool', 'String', 'Bytes', 'Duration', 'Ip', 'Path'] as const),
]);

/** More than a TraceProbe can have: 16 captures, arguments and what only its filter looks at. */
const maxColumns = 256;
const maxEnumNames = 4096;
const maxNameLength = 253;

/**
 * A frame as the store takes it. Who sent it, the token says; what is in it is checked, for an agent may be anything.
 *
 * @param stream number of the stream, which the store keeps the points of
 * @throws FrameError
 */
export function toStoreFrame(
  frame: Frame,
  { nodeUid, nodeName }: Pick<AgentIdentity, 'nodeUid' | 'nodeName'>,
  stream: number,
): StoreFrame {
  if (frame.epoch.length > 64) throw new FrameError(`an epoch of ${frame.epoch.length} bytes; at most 64`);
  return {
    stream,
    nodeUid,
    node: nodeName,
    epoch: hex(frame.epoch),
    number: frame.number,
    schemas: frame.schemas.map(toDescription),
    accounts: frame.accounts.map(toAccount),
    batches: frame.batches,
  };
}

/** @throws FrameError */
export function toDescription(schema: PointSchema): PointDescription {
  const { probeUid, probeName, generation, point, pointName } = schema;
  const where = `point schema of '${probeName}/${pointName}'`;
  checkName(where, "the probe's name", probeName);
  checkName(where, "the point's name", pointName);
  if (schema.columns.length > maxColumns) {
    throw new FrameError(`${where}: ${schema.columns.length} columns, at most ${maxColumns}`);
  }
  const columns = schema.columns.map(({ name, type, visible, enumNames }) => {
    checkName(where, 'the name of a column', name);
    if (!columnTypes.has(type))
      throw new FrameError(`${where}: column '${name}' has type '${type}', which is none`);
    const names = Object.entries(enumNames);
    if (names.length > maxEnumNames) {
      throw new FrameError(
        `${where}: column '${name}' has ${names.length} enum names, at most ${maxEnumNames}`,
      );
    }
    for (const [, text] of names) checkName(where, `an enum name of '${name}'`, text);
    return { name, type: type as ColumnType, visible, enumNames };
  });
  return {
    ...{ probeUid, probeName, generation, point, pointName, columns },
    maxAgeMs: Number(schema.maxAgeMs),
    maxBytes: Number(schema.maxBytes),
  };
}

function toAccount(account: EpochAccount): FrameAccount {
  const { probeUid, attempted, filteredInKernel, captured, open, filteredNatively, lost, delivered } =
    account;
  const { missed, final, killed, unknownSince, unattributed } = account;
  if (account.epoch.length > 64)
    throw new FrameError(`an account of an epoch of ${account.epoch.length} bytes`);
  if (!/^[0-9a-z-]{1,64}$/.test(probeUid))
    throw new FrameError(`an account of no probe: ${JSON.stringify(probeUid)}`);
  return {
    epoch: hex(account.epoch),
    probeUid,
    account: {
      ...{ attempted, filteredInKernel, captured, open, filteredNatively, lost: { ...lost }, delivered },
      ...{ missed, final, killed, unknownSince, unattributed },
    },
  };
}

function checkName(where: string, what: string, name: string): void {
  // eslint-disable-next-line no-control-regex -- they would end up in SQL and on terminals
  if (name === '' || name.length > maxNameLength || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new FrameError(
      `${where}: ${what} is ${JSON.stringify(name.slice(0, 40))}; 1 to ${maxNameLength} printable characters`,
    );
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
