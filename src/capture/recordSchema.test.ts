import { expect, test } from '@jest/globals';
import type { FieldKind, FieldPlan } from '../probe/plan.ts';
import { recordSchema } from './recordSchema.ts';

function field(kind: FieldKind): FieldPlan {
  const value = {
    source: 'argument',
    index: 0,
    steps: [],
    userFrom: 255,
    size: 8,
    offset: 0,
    shift: 0,
    bits: 0,
  };
  return {
    value: { ...value, source: 'argument', size: 8, signed: false },
    kind,
    early: false,
    user: false,
    lengthField: undefined,
    maxBytes: 0,
  };
}

const place = { slot: 1, schema: 2, gate: 3, probeUid: 'u', generation: 2n, point: 0 };

test('words count the fields that are recorded, fault bits count all', () => {
  const schema = recordSchema(
    {
      name: 'p',
      fields: [field('none'), field('integer'), field('none'), field('string')],
      columns: [
        { name: 'path', type: 'String', field: 3, visible: true },
        { name: 'fd', type: 'Int64', field: 1, visible: false },
      ],
      nativeFilter: [{ op: 'bool', value: true }],
    },
    place,
  );
  expect(schema).toEqual({
    ...place,
    columns: [
      { type: 'String', kind: 'string', wordIndex: 1, faultBit: 3, visible: true },
      { type: 'Int64', kind: 'integer', wordIndex: 0, faultBit: 1, visible: false },
    ],
    filter: [{ op: 'bool', value: true }],
  });
});

test('a column of a field that is not recorded is refused', () => {
  const columns = [{ name: 'fd', type: 'Int64' as const, field: 0, visible: true }];
  expect(() =>
    recordSchema({ name: 'p', fields: [field('none')], columns, nativeFilter: [] }, place),
  ).toThrow("plan of point 'p': column 'fd' is of field 0, which is not recorded");
});
