import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadAddon } from '../../native/loadAddon.ts';
import { compileFilter } from './compileFilter.ts';
import { evaluateFilter, evaluatePredicates } from './evaluate.ts';
import { filterConjuncts } from './filterConjuncts.ts';
import type { FilterBuiltin, FilterOperand } from './scope.ts';
import type { ConstantValue } from './term.ts';
import { TestFields, testScope } from './testing/testScope.ts';

const codec = loadAddon('codec') as { evaluateFilter: (nodes: unknown, rows: unknown[][]) => boolean[] };

const nativeBuiltins: FilterBuiltin[] = [
  ...([
    'pid',
    'tid',
    'ppid',
    'uid',
    'gid',
    'comm',
    'context',
    'node',
    'namespace',
    'pod',
    'container',
  ] as const),
];

/** What an event holds: undefined could not be read; strings are whole, as they lie in the kernel's memory. */
type Event = Record<string, ConstantValue | undefined>;

const interesting = [0n, 1n, -1n, 2n, 64n, 2n ** 31n, 2n ** 63n - 1n, -(2n ** 63n)];
const signed = fc.oneof(
  fc.constantFrom(...interesting),
  fc.bigInt(-5n, 5n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);
const unsigned = fc.oneof(
  fc.constantFrom(0n, 1n, 64n, 576n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt(0n, 5n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
/** Short ones of two letters, so that they often equal or begin each other, and those near the kernel's 64 bytes. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }),
  fc.integer({ min: 60, max: 66 }).map((length) => 'a'.repeat(length)),
);
const bytes = text.map((value) => new TextEncoder().encode(value));

function orFault<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 6 });
}

const event: fc.Arbitrary<Event> = fc.record({
  retval: orFault(signed),
  duration: orFault(fc.bigInt(0n, 3_000_000n)),
  'args.fd': orFault(signed),
  'args.flags': orFault(unsigned),
  'args.list.0.size': orFault(unsigned),
  ok: orFault(fc.boolean()),
  ratio: orFault(fc.double({ noNaN: false })),
  filename: orFault(bytes),
  tag: orFault(bytes),
  pid: unsigned,
  comm: fc
    .string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 })
    .map((value) => new TextEncoder().encode(value)),
  'k8s.pod': orFault(bytes),
});

/** Source of filters, of every type, well typed. */
const source = fc.letrec<Record<'int' | 'double' | 'duration' | 'string' | 'bool', string>>((tie) => {
  const comparison = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');
  const join = (...parts: (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
    fc
      .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
      .map((all) => all.join(''));
  const literal = signed.filter((value) => value > 0n).map(String);
  const quoted = text.map((value) => JSON.stringify(value));
  const short = fc
    .string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 })
    .map((value) => JSON.stringify(value));
  const signedName = fc.constantFrom('retval', 'args.fd');
  const unsignedName = fc.constantFrom('args.flags', 'args.list[0].size', 'pid');
  const list = (element: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.array(element, { minLength: 1, maxLength: 3 }).map((elements) => `[${elements.join(', ')}]`);
  const arithmetic = fc.constantFrom(' + ', ' - ', ' * ');
  return {
    int: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'value' },
      fc.oneof(signedName, unsignedName, fc.constant('size(filename)')),
      join('(', tie('int'), arithmetic, tie('int'), ')'),
      join('(', tie('int'), fc.constantFrom(' / ', ' % '), fc.constantFrom('retval', '3', 'args.flags'), ')'),
      join('-', signedName),
      join('(', tie('bool'), ' ? ', tie('int'), ' : ', tie('int'), ')'),
    ),
    double: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'value' },
      fc.constantFrom('ratio', '0.5', '1.5e3'),
      join('double(', tie('int'), ')'),
      join('(', tie('double'), fc.constantFrom(' + ', ' - ', ' * ', ' / '), tie('double'), ')'),
    ),
    duration: fc.oneof(
      fc.constant('duration'),
      join('(duration', fc.constantFrom(' + ', ' - '), 'duration("1ms"))'),
    ),
    string: fc.constantFrom('filename', 'tag', 'comm', 'k8s.pod'),
    bool: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'logic' },
      // What the kernel can decide.
      join(
        signedName,
        ' ',
        comparison,
        ' ',
        fc.oneof(
          literal,
          literal.map((value) => `-${value}`),
        ),
      ),
      join(unsignedName, ' ', comparison, ' ', unsigned.map(String)),
      join('duration ', comparison, ' duration("1ms")'),
      join(tie('string'), fc.constantFrom(' == ', ' != '), short),
      join('filename', fc.constantFrom(' == ', ' != '), quoted),
      join('tag', fc.constantFrom(' == ', ' != '), fc.constantFrom('"abab"', '"aaaa"', '"ab"')),
      join('filename.startsWith(', quoted, ')'),
      join(
        'has_flags(',
        fc.oneof(unsignedName, signedName),
        ', ',
        fc.constantFrom('O_CREAT', '[O_CREAT, O_TRUNC]', '1', '0x8000000000000000'),
        ')',
      ),
      join(fc.constantFrom('', '!'), '(', signedName, ' in ', list(literal), ')'),
      join('(', tie('string'), ' in ', list(short), ')'),
      fc.constantFrom('ok', 'ok == true', 'ok != true', 'ok == false', '!ok', 'false', '1 < 2'),
      // What only the draining thread can.
      join(tie('int'), ' ', comparison, ' ', tie('int')),
      join(tie('double'), ' ', comparison, ' ', tie('double')),
      join(tie('duration'), ' ', comparison, ' ', tie('duration')),
      join(tie('string'), ' ', comparison, ' ', tie('string')),
      join(
        tie('string'),
        fc.constantFrom('.startsWith(', '.endsWith(', '.contains('),
        fc.oneof(short, tie('string')),
        ')',
      ),
      join(tie('string'), '.matches(', fc.constantFrom('"^a+$"', '"(ab|ba){2}"', '"b$"', '"^$"'), ')'),
      join('has_flags(', tie('int'), ', 5)'),
      // Logic.
      join('(', tie('bool'), ' && ', tie('bool'), ')'),
      join('(', tie('bool'), ' || ', tie('bool'), ')'),
      join('!(', tie('bool'), ')'),
      join('(', tie('bool'), ' ? ', tie('bool'), ' : ', tie('bool'), ')'),
      join('((', tie('bool'), fc.constantFrom(') == (', ') != ('), tie('bool'), '))'),
    ),
  };
});
const filter = fc
  .array(source.bool, { minLength: 1, maxLength: 4 })
  .map((conjuncts) => conjuncts.join(' && '));

/** What the draining thread sees: strings are cut. */
function captured(operand: FilterOperand, { [operand.key]: value }: Event): ConstantValue | undefined {
  return value instanceof Uint8Array && operand.cut ? value.subarray(0, operand.maxBytes) : value;
}

/** What a predicate sees. */
function loaded(operand: FilterOperand, { [operand.key]: value }: Event): bigint | Uint8Array | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'number' ? undefined : value;
}

const builtinKeys = nativeBuiltins.map((name) =>
  ['namespace', 'pod', 'container'].includes(name) ? `k8s.${name}` : name,
);

test('kernel and draining thread together let through what the reference does', () => {
  fc.assert(
    fc.property(
      filter,
      fc.boolean(),
      fc.array(event, { minLength: 8, maxLength: 8 }),
      (written, paired, events) => {
        const fields = new TestFields();
        const compiled = compileFilter([{ text: written }], testScope, fields, { paired });
        const conjuncts = filterConjuncts([{ text: written }], testScope);
        const wanted = events.map((each) =>
          conjuncts.every(({ term }) => evaluateFilter(term, (operand) => captured(operand, each))),
        );
        const native = codec.evaluateFilter(
          compiled.native,
          events.map((each) => [
            ...fields.columns.map((operand) => captured(operand, each)),
            ...builtinKeys.map((key) => each[key]),
          ]),
        );
        const decided = events.map((each, index) => {
          const load = (field: number): bigint | Uint8Array | undefined => {
            const operand = fields.fields[field];
            if (!operand) throw new RangeError(`there is no field ${field}`);
            return loaded(operand, each);
          };
          const entered = evaluatePredicates(compiled.entry, load);
          return entered && evaluatePredicates(compiled.record, load) && native[index] === true;
        });
        expect(decided).toEqual(wanted);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a filter has the same meaning when all of it is left to the draining thread', () => {
  const nativeScope = {
    ...testScope,
    resolve: (path: Parameters<typeof testScope.resolve>[0]) => ({
      ...testScope.resolve(path),
      kernel: false,
    }),
  };
  fc.assert(
    fc.property(filter, fc.array(event, { minLength: 8, maxLength: 8 }), (written, events) => {
      const fields = new TestFields();
      // One condition, so that builtins that the kernel knows go along.
      const text = `(${written}) && true || size(k8s.container) > 100`;
      const compiled = compileFilter([{ text }], nativeScope, fields, { paired: false });
      const conjuncts = filterConjuncts([{ text }], nativeScope);
      const rows = events.map((each) => [
        ...fields.columns.map((operand) => captured(operand, each)),
        ...builtinKeys.map((key) => each[key]),
      ]);
      expect(compiled.record).toEqual([]);
      expect(codec.evaluateFilter(compiled.native, rows)).toEqual(
        events.map((each) =>
          conjuncts.every(({ term }) => evaluateFilter(term, (operand) => captured(operand, each))),
        ),
      );
    }),
    { numRuns: 1000 },
  );
});
