import { expect, test } from '@jest/globals';
import { loadAddon } from '../native/loadAddon.ts';
import {
  CONFIG_FLAGS,
  CONFIG_LAYOUT,
  FIELD_FLAGS,
  KINDS,
  LIMITS,
  OPS,
  PREEMPT_BASES,
  SOURCES,
  encodeConfig,
} from './config.ts';
import type { FieldPlan, PredicatePlan } from './plan.ts';
import { wholeValue } from './resolve/valuePlan.ts';

/** What native/common/layout.cc tells of bpf/include/traceprobe.h. */
const { layout } = loadAddon('codec') as {
  layout: {
    structs: Record<string, { size: number; fields: Record<string, [offset: number, size: number]> }>;
    constants: Record<string, number>;
  };
};

test.each(Object.entries(CONFIG_LAYOUT))(
  '%s is laid out as the compiler of C does',
  (name, { size, fields }) => {
    const native = layout.structs[name];
    expect(size).toBe(native?.size);
    const offsets = Object.entries(native?.fields ?? {}).map(([field, [offset]]) => [field, offset] as const);
    const known = Object.fromEntries(offsets.filter(([field]) => !/^pad\d?$/.test(field)));
    expect(fields).toEqual(known);
  },
);

test('names of sources, kinds and comparisons are in the order of the header', () => {
  const numbers = (
    names: readonly string[],
    prefix: string,
    spell: (name: string) => string,
  ): (number | undefined)[] => names.map((name) => layout.constants[`${prefix}${spell(name)}`]);
  const upper = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const inOrder = (names: readonly string[]): number[] => names.map((_, index) => index);
  expect(numbers(SOURCES, 'TP_SOURCE_', upper)).toEqual(inOrder(SOURCES));
  expect(numbers(KINDS, 'TP_KIND_', upper)).toEqual(inOrder(KINDS));
  expect(numbers(OPS, 'TP_OP_', upper)).toEqual(inOrder(OPS));
  for (const [prefix, names] of [
    ['TP_SOURCE_', SOURCES],
    ['TP_KIND_', KINDS],
    ['TP_OP_', OPS],
  ] as const) {
    expect(Object.keys(layout.constants).filter((name) => name.startsWith(prefix))).toHaveLength(
      names.length,
    );
  }
});

test('limits and flags are those of the header', () => {
  expect(layout.constants).toMatchObject(LIMITS);
  expect(layout.constants).toMatchObject({
    TP_CONFIG_SCOPED: CONFIG_FLAGS.scoped,
    TP_CONFIG_INTERRUPTS: CONFIG_FLAGS.interrupts,
    TP_CONFIG_LARGE: CONFIG_FLAGS.large,
    TP_CONFIG_MEMORY_CGROUP: CONFIG_FLAGS.memoryCgroup,
    TP_PREEMPT_RUNQUEUE: PREEMPT_BASES.runqueue,
    TP_PREEMPT_TASK: PREEMPT_BASES.task,
    TP_FIELD_EARLY: FIELD_FLAGS.early,
    TP_FIELD_USER: FIELD_FLAGS.user,
  });
});

const field: FieldPlan = {
  value: {
    source: 'argument',
    index: 3,
    steps: [24, 4096],
    userFrom: 1,
    size: 4,
    offset: 0x12345678,
    shift: 5,
    bits: 7,
    signed: true,
  },
  kind: 'bytes',
  early: true,
  user: true,
  lengthField: 0,
  maxBytes: 300,
};
const predicate: PredicatePlan = {
  op: 'stringEqual',
  field: 1,
  onTrue: 255,
  onFalse: 254,
  immediate: -1n,
  string: Buffer.from('rm'),
};
const placement = { slot: 1, schema: 2, gate: 3, rate: 10_000, share: 1n << 40n };

test('every part of a plan is at its place', () => {
  const number: FieldPlan = {
    ...field,
    value: wholeValue('pid', false),
    kind: 'integer',
    early: false,
    user: false,
  };
  const config = encodeConfig(
    { fields: [{ ...number, lengthField: undefined }, field], large: true },
    {
      predicates: [predicate, { ...predicate, op: 'stringPrefix' }],
      argumentCount: 4,
      interrupts: true,
      preemptCount: { base: 'runqueue', offset: -8 },
    },
    { ...placement, scoped: true, cgroupVersion: 1 },
  );
  const view = new DataView(config.buffer);
  expect(config).toHaveLength(CONFIG_LAYOUT.tp_config.size);
  expect([...config.subarray(0, 12)]).toEqual([1, 0, 2, 0, 3, 0, 15, 2, 2, 4, 1, 0]);
  expect(view.getInt32(24, true)).toBe(-8);
  expect(view.getUint32(12, true)).toBe(10_000);
  expect(view.getBigUint64(16, true)).toBe(1n << 40n);
  const first = CONFIG_LAYOUT.tp_config.fields.predicates;
  expect([...config.subarray(first, first + 4)]).toEqual([OPS.indexOf('stringEqual'), 1, 255, 254]);
  expect(view.getUint32(first + 4, true)).toBe(3); // with the NUL
  expect(view.getUint32(first + 80 + 4, true)).toBe(2); // a prefix goes on
  expect(view.getBigInt64(first + 8, true)).toBe(-1n);
  expect(Buffer.from(config.subarray(first + 16, first + 20)).toString('latin1')).toBe('rm\0\0');
  const second = CONFIG_LAYOUT.tp_config.fields.fields + 40;
  expect([...config.subarray(second, second + 8)]).toEqual([1, 3, 2, 1, 4, 5, 7, 1]);
  expect([8, 12, 16, 20].map((offset) => view.getUint32(second + offset, true))).toEqual([
    0x12345678, 24, 4096, 0,
  ]);
  expect([...config.subarray(second + 32, second + 35)]).toEqual([3, 3, 0]);
  expect(view.getUint32(second + 36, true)).toBe(300);
  expect(config[second - 40 + 34]).toBe(255); // no length field
});

test('a plan that does not fit is refused', () => {
  const program = { predicates: [], argumentCount: 0, interrupts: false };
  const many = Array.from({ length: 25 }, () => field);
  expect(() => encodeConfig({ fields: many, large: false }, program, placement)).toThrow(
    '25 fields: a program takes at most 24',
  );
  const long = { ...predicate, string: Buffer.alloc(64) };
  expect(() =>
    encodeConfig({ fields: [], large: false }, { ...program, predicates: [long] }, placement),
  ).toThrow('65 bytes of a compared string');
});
