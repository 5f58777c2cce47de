import type {
  FieldPlan,
  Hook,
  PointPlan,
  PredicatePlan,
  ProgramPlan,
  ValuePlan,
} from '../../src/probe/plan.ts';

const value: ValuePlan = {
  source: 'argument',
  index: 0,
  steps: [8, 16, 24, 32],
  userFrom: 255,
  size: 4,
  offset: 8,
  shift: 3,
  bits: 5,
  signed: true,
};

/** Kinds by turns; every field follows four pointers. */
const kinds = ['integer', 'string', 'bytes', 'integer', 'path', 'sockaddr', 'dentry', 'integer'] as const;

function field(index: number): FieldPlan {
  const kind = kinds[index % kinds.length] ?? 'integer';
  const address = kind === 'integer' ? value : { ...value, size: 0 as const, bits: 0, shift: 0 };
  return {
    value: { ...address, index: index % 4 },
    kind,
    early: true,
    user: index % 2 === 1,
    lengthField: kind === 'bytes' ? 0 : undefined,
    maxBytes: kind === 'integer' ? 0 : 256,
  };
}

const ops = ['equal', 'stringEqual', 'lessSigned', 'stringPrefix', 'hasBits', 'notEqual'] as const;

function predicate(index: number, count: number): PredicatePlan {
  const op = ops[index % ops.length] ?? 'equal';
  const isString = op.startsWith('string');
  return {
    op,
    field: isString ? 1 : 0,
    onTrue: index + 1 < count ? index + 1 : 255,
    onFalse: index + 2 < count ? index + 2 : 254,
    immediate: 5n,
    string: isString ? Buffer.from('/a/rather/long/path/to/compare/with/strings/of/sixty/bytes') : undefined,
  };
}

/** As much as one program can be asked for: 16 fields behind four pointers each, 16 predicates. */
export function heaviestPlan(
  part: Pick<ProgramPlan, 'object' | 'program' | 'role'> & { hook: Hook },
  argumentCount: number,
): { point: PointPlan; program: ProgramPlan } {
  const predicates = Array.from({ length: 16 }, (_, index) => predicate(index, 16));
  const preemptCount = { base: 'runqueue', offset: -8 } as const;
  const program: ProgramPlan = { ...part, predicates, argumentCount, interrupts: true, preemptCount };
  const point: PointPlan = {
    name: 'heaviest',
    attach: '',
    programs: [program],
    fields: Array.from({ length: 16 }, (_, index) => field(index)),
    columns: [],
    nativeFilter: [],
    filterSource: { kernel: [], native: [] },
    large: false,
    notes: [],
  };
  return { point, program };
}
