import {
  LARGE_VARIABLE,
  MAX_FIELDS,
  MAX_PREDICATES,
  MAX_STEPS,
  PREDICATE_BYTES,
  SMALL_VARIABLE,
} from './limits.ts';
import type {
  FieldKind,
  FieldPlan,
  PointPlan,
  PredicateOp,
  PredicatePlan,
  ProgramPlan,
  ValuePlan,
  ValueSource,
} from './plan.ts';

/** What only the agent that loads a program knows. */
export interface ConfigPlacement {
  /** Index of the point's counters. */
  slot: number;
  /** Generation modulo 2^16: which columns the records have. */
  schema: number;
  /** Index of the probe's gate, and its bit in a workload's set. */
  gate: number;
  /** Only workloads that select the probe; left out: everything. */
  scoped?: boolean;
  /** Of the hierarchy whose ids are recorded: 1 is that of the memory controller. Default 2. */
  cgroupVersion?: 1 | 2;
  /** Events a second a node, 0: unlimited. */
  rate: number;
  /** Bytes of the ring that the probe may have in flight. */
  share: bigint;
}

/** Layout of the structs in bpf/include/traceprobe.h that the configuration is made of; config.test.ts compares. */
export const CONFIG_LAYOUT = {
  tp_value: {
    size: 32,
    fields: {
      ...{ source: 0, index: 1, steps: 2, user_from: 3, size: 4, shift: 5, bits: 6, is_signed: 7 },
      ...{ offset: 8, step: 12, swapped: 28 },
    },
  },
  tp_field: { size: 40, fields: { value: 0, kind: 32, flags: 33, length_field: 34, max_bytes: 36 } },
  tp_predicate: {
    size: 80,
    fields: { op: 0, field: 1, on_true: 2, on_false: 3, length: 4, immediate: 8, string: 16 },
  },
  tp_config: {
    size: 32 + MAX_PREDICATES * 80 + MAX_FIELDS * 40,
    fields: {
      ...{ slot: 0, schema: 2, gate: 4, flags: 6, field_count: 7, predicate_count: 8, argument_count: 9 },
      ...{ preempt_base: 10, rate: 12, share: 16, preempt_offset: 24 },
      ...{ predicates: 32, fields: 32 + MAX_PREDICATES * 80 },
    },
  },
} as const;

const VALUE = CONFIG_LAYOUT.tp_value.fields;
const FIELD = CONFIG_LAYOUT.tp_field.fields;
const PREDICATE = CONFIG_LAYOUT.tp_predicate.fields;
const CONFIG = CONFIG_LAYOUT.tp_config.fields;

/** enum tp_source, TP_SOURCE_…, in its order. */
export const SOURCES: readonly ValueSource[] = [
  ...(['none', 'argument', 'context', 'contextAddress', 'dataLoc', 'return', 'duration'] as const),
  ...(['pid', 'tid', 'ppid', 'uid', 'gid', 'comm', 'task', 'relLoc'] as const),
];

/** enum tp_kind, TP_KIND_…. */
export const KINDS: readonly FieldKind[] = [
  ...(['none', 'integer', 'string', 'bytes', 'strv', 'path', 'dentry', 'sockaddr'] as const),
];

/** enum tp_op, TP_OP_…. */
export const OPS: readonly PredicateOp[] = [
  ...(['equal', 'lessSigned', 'lessUnsigned', 'greaterSigned', 'greaterUnsigned', 'hasBits'] as const),
  ...(['stringEqual', 'stringPrefix', 'true', 'notEqual', 'stringNotEqual'] as const),
  ...(['lessEqualSigned', 'lessEqualUnsigned', 'greaterEqualSigned', 'greaterEqualUnsigned'] as const),
];

/** TP_CONFIG_… */
export const CONFIG_FLAGS = { scoped: 1, interrupts: 2, large: 4, memoryCgroup: 8 } as const;
/** TP_FIELD_… */
export const FIELD_FLAGS = { early: 1, user: 2 } as const;
/** TP_PREEMPT_… */
export const PREEMPT_BASES = { runqueue: 1, task: 2 } as const;
/** TP_NO_FIELD */
const NO_FIELD = 255;

/**
 * The frozen struct tp_config that specialises one program of a point, little-endian as both architectures are.
 * @throws {RangeError} for a plan that does not fit it; compileProbe makes none
 */
export function encodeConfig(
  point: Pick<PointPlan, 'fields' | 'large'>,
  program: Pick<ProgramPlan, 'predicates' | 'argumentCount' | 'interrupts' | 'preemptCount'>,
  placement: ConfigPlacement,
): Uint8Array<ArrayBuffer> {
  atMost('fields', point.fields.length, MAX_FIELDS);
  atMost('predicates', program.predicates.length, MAX_PREDICATES);
  const view = new DataView(new ArrayBuffer(CONFIG_LAYOUT.tp_config.size));
  view.setUint16(CONFIG.slot, placement.slot, true);
  view.setUint16(CONFIG.schema, placement.schema, true);
  view.setUint16(CONFIG.gate, placement.gate, true);
  view.setUint8(
    CONFIG.flags,
    (placement.scoped === true ? CONFIG_FLAGS.scoped : 0) |
      (program.interrupts ? CONFIG_FLAGS.interrupts : 0) |
      (point.large ? CONFIG_FLAGS.large : 0) |
      (placement.cgroupVersion === 1 ? CONFIG_FLAGS.memoryCgroup : 0),
  );
  view.setUint8(CONFIG.field_count, point.fields.length);
  view.setUint8(CONFIG.predicate_count, program.predicates.length);
  view.setUint8(CONFIG.argument_count, program.argumentCount);
  view.setUint32(CONFIG.rate, placement.rate, true);
  view.setBigUint64(CONFIG.share, placement.share, true);
  if (program.preemptCount !== undefined) {
    view.setUint8(CONFIG.preempt_base, PREEMPT_BASES[program.preemptCount.base]);
    view.setInt32(CONFIG.preempt_offset, program.preemptCount.offset, true);
  }
  program.predicates.forEach((predicate, index) => {
    encodePredicate(part(view, CONFIG.predicates, index, CONFIG_LAYOUT.tp_predicate.size), predicate);
  });
  point.fields.forEach((field, index) => {
    encodeField(part(view, CONFIG.fields, index, CONFIG_LAYOUT.tp_field.size), field);
  });
  return new Uint8Array(view.buffer);
}

function encodePredicate(view: DataView, predicate: PredicatePlan): void {
  view.setUint8(PREDICATE.op, OPS.indexOf(predicate.op));
  view.setUint8(PREDICATE.field, predicate.field);
  view.setUint8(PREDICATE.on_true, predicate.onTrue);
  view.setUint8(PREDICATE.on_false, predicate.onFalse);
  view.setBigUint64(PREDICATE.immediate, BigInt.asUintN(64, predicate.immediate), true);
  if (predicate.string === undefined) return;
  // A NUL behind the text makes it the whole string; a prefix goes on.
  const length = predicate.string.length + (predicate.op === 'stringPrefix' ? 0 : 1);
  atMost('bytes of a compared string', length, PREDICATE_BYTES);
  view.setUint32(PREDICATE.length, length, true);
  new Uint8Array(view.buffer, view.byteOffset + PREDICATE.string, PREDICATE_BYTES).set(predicate.string);
}

function encodeField(view: DataView, field: FieldPlan): void {
  encodeValue(view, field.value);
  view.setUint8(FIELD.kind, KINDS.indexOf(field.kind));
  view.setUint8(FIELD.flags, (field.early ? FIELD_FLAGS.early : 0) | (field.user ? FIELD_FLAGS.user : 0));
  view.setUint8(FIELD.length_field, field.lengthField ?? NO_FIELD);
  view.setUint32(FIELD.max_bytes, field.maxBytes, true);
}

function encodeValue(view: DataView, value: ValuePlan): void {
  atMost('pointers followed', value.steps.length, MAX_STEPS);
  view.setUint8(VALUE.source, SOURCES.indexOf(value.source));
  view.setUint8(VALUE.index, value.index);
  view.setUint8(VALUE.steps, value.steps.length);
  view.setUint8(VALUE.user_from, value.userFrom);
  view.setUint8(VALUE.size, value.size);
  view.setUint8(VALUE.shift, value.shift);
  view.setUint8(VALUE.bits, value.bits);
  view.setUint8(VALUE.is_signed, value.signed ? 1 : 0);
  view.setUint32(VALUE.offset, value.offset, true);
  view.setUint8(VALUE.swapped, value.swapped ?? 0);
  value.steps.forEach((step, index) => {
    view.setUint32(VALUE.step + 4 * index, step, true);
  });
}

function part(view: DataView, start: number, index: number, size: number): DataView {
  return new DataView(view.buffer, view.byteOffset + start + index * size, size);
}

function atMost(what: string, count: number, most: number): void {
  if (count > most) throw new RangeError(`${String(count)} ${what}: a program takes at most ${String(most)}`);
}

/** Limits of the header that the compiler keeps to, for the test that compares them. */
export const LIMITS = {
  TP_MAX_FIELDS: MAX_FIELDS,
  TP_MAX_PREDICATES: MAX_PREDICATES,
  TP_PREDICATE_BYTES: PREDICATE_BYTES,
  TP_MAX_STEPS: MAX_STEPS,
  TP_SMALL_VARIABLE: SMALL_VARIABLE,
  TP_LARGE_VARIABLE: LARGE_VARIABLE,
} as const;
