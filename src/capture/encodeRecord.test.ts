import { expect, test } from '@jest/globals';
import { delayedUnlinkPoint } from '../probe/delayedUnlink/delayedUnlinkPoint.ts';
import { encodeRecord, type RecordOrigin } from './encodeRecord.ts';
import { recordSchema } from './recordSchema.ts';
import { decodeReferenceRecord } from './referenceRecord.ts';

const origin: RecordOrigin = {
  ...{ time: 77n, pid: 12, tid: 13, ppid: 1, uid: 1000, gid: 100, cgroup: 4242n },
  comm: 'a name of more than 16',
};

function decoded(values: Parameters<typeof encodeRecord>[2]): unknown {
  const point = delayedUnlinkPoint('');
  const place = { slot: 0, schema: 1, gate: 0, probeUid: 'u', generation: 1n, point: 0 };
  const row = decodeReferenceRecord(recordSchema(point, place), encodeRecord(point, origin, values), 1000n);
  return { ...row, fields: point.columns.map((_, index) => row?.fields[`f${index}`]) };
}

test('what is encoded reads back as any other record', () => {
  expect(decoded(['Held', '', '/var/log/ä.log', 5n, undefined, -1n, 2n ** 63n])).toEqual({
    ...{ time: 1077n, pid: 12, tid: 13, ppid: 1, uid: 1000, gid: 100, cgroup: 4242n },
    ...{ comm: 'a name of more ', context: 'task', truncated: 0 },
    fields: ['Held', '', '/var/log/ä.log', 5, null, -1, 2n ** 63n],
  });
});

test('a string that is too long is cut and counted', () => {
  expect(decoded(['x'.repeat(40), '', '', 0, 0, 0, 0])).toMatchObject({
    truncated: 1,
    fields: expect.arrayContaining(['x'.repeat(32)]),
  });
});
