import { describe, expect, test } from '@jest/globals';
import { compileFilter } from './compileFilter.ts';
import type { CompiledFilter } from './compileFilter.ts';
import { UnresolvedName } from './scope.ts';
import type { FilterScope } from './scope.ts';
import { TestFields, testScope } from './testing/testScope.ts';

interface Compiled extends CompiledFilter {
  fields: string[];
  columns: string[];
}

function compile(text: string, paired = false, scope: FilterScope = testScope): Compiled {
  const fields = new TestFields();
  const compiled = compileFilter([{ text }], scope, fields, { paired });
  return {
    ...compiled,
    fields: fields.fields.map(({ key }) => key),
    columns: fields.columns.map(({ key }) => key),
  };
}

/** Predicates as short text: "0 lessSigned 5 ? accept : reject". */
function listing(predicates: CompiledFilter['record']): string[] {
  const target = (to: number) => (to === 255 ? 'accept' : to === 254 ? 'reject' : String(to));
  return predicates.map(({ op, field, immediate, string, onTrue, onFalse }) => {
    const operand = string ? JSON.stringify(Buffer.from(string).toString()) : BigInt.asIntN(64, immediate);
    return `${field} ${op} ${operand} ? ${target(onTrue)} : ${target(onFalse)}`;
  });
}

describe('the division between kernel and draining thread', () => {
  test('is at the outermost &&, in the order written', () => {
    const filter = compile('retval < 0 && path.contains("x") && (args.fd == 3 && size(buffer) > 1)');
    expect(filter.source).toEqual({
      kernel: ['retval < 0', 'args.fd == 3'],
      native: ['path.contains("x")', 'size(buffer) > 1'],
    });
    expect(filter.fields).toEqual(['retval', 'args.fd']);
    expect(filter.columns).toEqual(['path', 'buffer']);
  });

  test('leaves a condition whole: a part that the kernel cannot decide takes the rest along', () => {
    const filter = compile('retval < 0 || path.contains("x")');
    expect(filter.record).toEqual([]);
    expect(filter.native.map(({ op }) => op)).toEqual([
      ...['column', 'integer', 'lt'],
      ...['column', 'string', 'contains'],
      'or',
    ]);
  });

  test.each([
    'args.fd == retval',
    'retval + 1 == 2',
    '-retval == 2',
    'filename.contains("x")',
    'filename.endsWith("x")',
    'filename.matches("x")',
    'filename < "x"',
    'size(filename) == 1',
    'k8s.pod == "x"',
    'node == "x"',
    'context == "task"',
    'path == "/etc/passwd"',
    'address == "10.0.0.1"',
    'ratio < 0.5',
    'args.list[0].size > 3',
    `filename == "${'x'.repeat(63)}"`,
    `filename.startsWith("${'x'.repeat(64)}")`,
    'filename.startsWith("")',
    'filename in ["x", "' + 'x'.repeat(63) + '"]',
    'retval in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]',
  ])('%s is left to the draining thread', (text) => {
    const filter = compile(text);
    expect(filter.record).toEqual([]);
    expect(filter.source.native).toEqual([text]);
  });

  test('leaves equality with a string as long as what is captured to who sees where it was cut', () => {
    expect(compile('tag == "abcd"').record).toEqual([]);
    expect(compile('tag != "abcd"').record).toEqual([]);
    expect(compile('tag == "abc"').native).toEqual([]);
    expect(compile('tag.startsWith("abcd")').native).toEqual([]);
    expect(compile('comm == "systemd-journal"').native).toEqual([]);
  });

  test('gives later conditions to the draining thread when 16 predicates are used up', () => {
    const filter = compile(
      'retval in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] && args.fd in [1, 2, 3, 4, 5, 6, 7] && pid in [1, 2, 3, 4, 5, 6]',
    );
    expect(filter.record).toHaveLength(16);
    expect(filter.source.native).toEqual(['args.fd in [1, 2, 3, 4, 5, 6, 7]']);
  });

  test('asks once for each value', () => {
    const filter = compile('retval < 0 && retval > -5 && retval % 2 == 0 && retval % 3 == 0');
    expect(filter.fields).toEqual(['retval']);
    expect(filter.columns).toEqual(['retval']);
  });
});

describe('entry and return', () => {
  test('the entry decides what is known then, the return the rest', () => {
    const filter = compile(
      'retval < 0 && has_flags(args.flags, O_CREAT) && pid != 1 && (args.fd == 3 || retval == 3)',
      true,
    );
    expect(listing(filter.entry)).toEqual(['0 hasBits 64 ? 1 : reject', '1 notEqual 1 ? accept : reject']);
    expect(listing(filter.record)).toEqual([
      '2 lessSigned 0 ? 1 : reject',
      '3 equal 3 ? accept : 2',
      '2 equal 3 ? accept : reject',
    ]);
    expect(filter.fields).toEqual(['args.flags', 'pid', 'retval', 'args.fd']);
  });

  test('where one program does all, it decides all', () => {
    const filter = compile('retval < 0 && pid != 1');
    expect(filter.entry).toEqual([]);
    expect(listing(filter.record)).toEqual(['0 lessSigned 0 ? 1 : reject', '1 notEqual 1 ? accept : reject']);
  });

  test('what the call changes is decided at its return', () => {
    const exec: FilterScope = { ...testScope, changedByCall: new Set(['comm']) };
    expect(compile('comm == "ls"', true, exec).entry).toEqual([]);
    expect(compile('comm == "ls"', true, exec).record).toHaveLength(1);
    expect(compile('comm == "ls"', true).entry).toHaveLength(1);
  });
});

describe('predicates', () => {
  test.each([
    ['retval < -1', '0 lessSigned -1 ? accept : reject'],
    ['retval >= 5u', '0 greaterEqualSigned 5 ? accept : reject'],
    ['5 < retval', '0 greaterSigned 5 ? accept : reject'],
    ['args.flags <= 0xffffffffffffffff', '0 lessEqualUnsigned -1 ? accept : reject'],
    ['retval == -9223372036854775808', '0 equal -9223372036854775808 ? accept : reject'],
    ['retval == -ENOENT', '0 equal -2 ? accept : reject'],
    ['retval != 4 * 1024 - 1', '0 notEqual 4095 ? accept : reject'],
    ['duration > duration("1ms") + duration("1us")', '0 greaterSigned 1001000 ? accept : reject'],
    ['comm == "sh"', '0 stringEqual "sh" ? accept : reject'],
    ['"sh" != comm', '0 stringNotEqual "sh" ? accept : reject'],
    ['filename.startsWith("/étc/")', '0 stringPrefix "/étc/" ? accept : reject'],
    ['has_flags(args.flags, [O_CREAT, O_TRUNC])', '0 hasBits 576 ? accept : reject'],
    ['has_flags(args.flags, "O_CREAT | O_TRUNC")', '0 hasBits 576 ? accept : reject'],
    ['ok', '0 notEqual 0 ? accept : reject'],
    ['!ok', '0 notEqual 0 ? reject : accept'],
    ['ok == false', '0 equal 0 ? accept : reject'],
    ['ok != false', '0 notEqual 0 ? accept : reject'],
    ['state == TASK_DEAD', '0 equal 128 ? accept : reject'],
    ['TASK_DEAD != state', '0 notEqual 128 ? accept : reject'],
    ['true && ok', '0 notEqual 0 ? accept : reject'],
    ['1 > 2', '255 true 0 ? reject : reject'],
  ])('%s is %s', (text, expected) => {
    expect(listing(compile(text).record)).toEqual([expected]);
  });

  test('jump forward only, whatever the logic', () => {
    expect(listing(compile('!(retval in [1, 2] || ok) && (ok ? pid == 1 : pid == 2)').record)).toEqual([
      '0 equal 1 ? reject : 1',
      '0 equal 2 ? reject : 2',
      '1 notEqual 0 ? reject : 3',
      '1 notEqual 0 ? 4 : 5',
      '2 equal 1 ? accept : reject',
      '2 equal 2 ? accept : reject',
    ]);
  });

  test('a filter that is always true needs none', () => {
    expect(compile('1 < 2 && true').record).toEqual([]);
  });
});

describe('the native remainder', () => {
  test('has addresses as their columns do', () => {
    expect(compile('address == "FE80:0::1"').native).toEqual(
      [{ op: 'column', index: 0 }, { op: 'string', value: Buffer.from('fe80::1') }, { op: 'eq' }].map(
        (node) => ('value' in node ? { ...node, value: Uint8Array.from(node.value) } : node),
      ),
    );
  });

  test('joins its conditions with and', () => {
    expect(compile('retval % 2 == 0 && node == "a"').native.map(({ op }) => op)).toEqual([
      ...['column', 'integer', 'mod', 'integer', 'eq'],
      ...['builtin', 'string', 'eq'],
      'and',
    ]);
  });
});

test('two filters are joined, and an error is told in its own', () => {
  const sources = [{ text: 'retval < 0' }, { text: 'pid == foo', name: '--filter' }];
  expect(() => compileFilter(sources, testScope, new TestFields(), { paired: false })).toThrow(
    /^--filter, column 8: there is no foo here/,
  );
  const joined = compileFilter(
    [{ text: 'ok || retval < 0' }, { text: 'pid == 1' }],
    testScope,
    new TestFields(),
    {
      paired: false,
    },
  );
  expect(joined.source.kernel).toEqual(['ok || retval < 0', 'pid == 1']);
});

test('a value for which no field is left is told at the condition that needs it', () => {
  const full = {
    predicateField: () => 0,
    column: () => {
      throw new UnresolvedName('more than 24 values are captured', 0, 'capture fewer');
    },
  };
  expect(() =>
    compileFilter([{ text: 'ok && (path == "/a" || ok)' }], testScope, full, { paired: false }),
  ).toThrow('filter, column 8: more than 24 values are captured');
});
