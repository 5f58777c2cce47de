import { expect, test } from '@jest/globals';
import { compileFilter } from './compileFilter.ts';
import { FilterError } from './filterError.ts';
import { TestFields, testScope } from './testing/testScope.ts';

function refusal(text: string): FilterError {
  try {
    compileFilter([{ text }], testScope, new TestFields(), { paired: false });
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`${text} was not refused`);
}

test.each([
  // It does not parse.
  ['', 1, 'the filter is empty'],
  ['retval ==', 10, 'a value is missing before the end'],
  ['retval == && ok', 11, "a value is missing before '&'"],
  ['retval = 3', 8, "'=' is not expected here", 'compare with =='],
  ['(retval == 3', 13, "')' is expected instead of the end"],
  ['retval == 3)', 12, "')' is not expected here"],
  ['args.flags | O_CREAT == 3', 12, "'|' is not expected here", 'has_flags(value, [A, B])'],
  ['comm == "sh', 9, 'unterminated string'],
  ['comm == "\\q"', 10, 'invalid escape sequence: \\q'],
  ['namespace == "a"', 1, "'namespace' is a reserved word of CEL", 'k8s.namespace'],
  ['('.repeat(80) + 'ok' + ')'.repeat(80), 65, 'the filter is too large or nested too deeply'],
  // Its types do not fit.
  ['retval', 1, 'a filter needs a condition, but retval is an int', 'retval != 0'],
  ['ok && retval', 7, '&& needs a condition, but retval is an int'],
  ['!comm', 2, '! needs a condition, but comm is a string'],
  ['retval == "x"', 1, '== cannot compare these: retval is an int, "x" is a string'],
  ['duration > 1000', 1, '> cannot compare these: duration is a duration, 1000 is an int', 'duration("1ms")'],
  ['ratio == retval', 1, '== cannot compare these: ratio is a double, retval is an int', 'double(…)'],
  ['1 < retval < 3', 1, '< cannot compare these: 1 < retval is a bool, 3 is an int', '&&'],
  ['ok < true', 1, '< has no meaning here: ok is a bool'],
  ['buffer == buffer', 1, 'buffer is a buffer of bytes: only its size() can be compared'],
  ['address == "10.0.0"', 1, '"10.0.0" is no IP address'],
  ['comm + "x" == "shx"', 1, '+ cannot join these: comm is a string, "x" is a string'],
  ['duration * 2 > duration("1s")', 1, '* cannot join these: duration is a duration, 2 is an int'],
  ['(ok ? 1 : "x") == 1', 2, 'both results of ?: must be of one type: 1 is an int, "x" is a string'],
  ['-comm == 1', 1, 'only numbers can be negated, but comm is a string'],
  ['retval in 3', 11, 'in needs a list of constants on its right'],
  ['retval in [1, args.fd]', 15, 'an element of a list must be a constant'],
  ['retval in [1, "a"]', 15, 'in cannot compare these: retval is an int, "a" is a string'],
  ['[1] == [1]', 1, 'a list can only stand on the right of in'],
  ['{1: 2} == retval', 1, 'filters have no maps and messages'],
  ['retval == null', 11, 'there is no null here', 'k8s.pod == ""'],
  ['comm == b"sh"', 9, 'bytes cannot be compared'],
  [
    'context == "interupt"',
    12,
    'context is "task" or "interrupt" or "softirq" or "hardirq"',
    'did you mean "interrupt"?',
  ],
  // A name is unknown.
  ['retvall < 0', 1, 'there is no retvall here', 'did you mean retval?'],
  ['ok && args.flgs == 1', 12, 'openat has no argument flgs', 'there are fd, flags, list'],
  ['retval == -ENOET', 12, 'there is no ENOET here', 'ENOENT'],
  ['state == TASK_RUNING', 10, 'there is no TASK_RUNING here', 'did you mean TASK_RUNNING?'],
  ['k8s.pods == ""', 5, 'there are k8s.namespace, k8s.pod and k8s.container'],
  ['comm.x == 1', 6, 'comm is no structure'],
  ['O_CREAT.x == 1', 1, 'O_CREAT is a number and has no members'],
  ['args.list[-1].size == 1', 11, 'an index must be a number from 0 on, not -1'],
  ['"a".b == 1', 1, '"a" has no members'],
  ['has_flags == 1', 1, 'has_flags is a function: has_flags(…)'],
  // A literal is out of range.
  ['retval == 18446744073709551616', 11, '18446744073709551616 is out of range'],
  ['retval > -9223372036854775809', 10, '-9223372036854775809 is out of range'],
  ['retval == 0xFFFFFFFFFFFFFFFF', 11, 'retval is signed and never as large as 0xFFFFFFFFFFFFFFFF', 'Uint64'],
  ['args.flags == -1', 15, 'args.flags is unsigned and never -1', 'Int64'],
  ['-1 < pid', 1, 'pid is unsigned and never -1'],
  ['pid in [1, -1]', 12, 'pid is unsigned and never -1'],
  ['retval == 18446744073709551615 + 1', 11, '18446744073709551615 + 1 is out of range'],
  ['retval / 0 == 1', 10, 'division by zero'],
  ['duration > duration("1 s")', 21, 'duration("1 s") is no duration', 'h, m, s, ms, us and ns'],
  // A string is too long, or has a NUL.
  ['comm == "sixteen-letters-"', 9, 'comm has at most 15 bytes, this string has 16'],
  ['tag == "abcde"', 8, 'tag has at most 4 bytes, this string has 5', 'capture it with maxBytes: 5 or more'],
  ['tag == "ééé"', 8, 'tag has at most 4 bytes, this string has 6'],
  ['tag.contains("abcde")', 14, 'tag has at most 4 bytes'],
  ['tag in ["a", "abcde"]', 14, 'tag has at most 4 bytes'],
  ['comm == "a\\x00b"', 9, 'ends at its first NUL'],
  // A function is unknown, or a macro, or wrongly used.
  ['comm.startWith("a")', 6, 'filters have no function startWith', 'did you mean startsWith?'],
  ['toString(comm) == "a"', 1, 'filters have no function toString'],
  ['startsWith(comm, "a")', 1, 'startsWith is written comm.startsWith("kworker")'],
  ['comm.startsWith()', 1, 'startsWith is written'],
  ['retval.startsWith("a")', 1, 'startsWith is for strings, but retval is an int'],
  ['size(retval) == 1', 6, 'strings and buffers have a size, but retval is an int'],
  ['has(args.fd)', 1, 'filters have no macro has'],
  ['args.list.exists(x, x == 1)', 11, 'filters have no macro exists', 'args.a[0] == 1 || args.a[1] == 1'],
  ['args.list.map(x, x).size() == 1', 11, 'filters have no macro map'],
  ['has_flags(args.flags)', 1, 'has_flags is written has_flags(args.flags, O_CREAT)'],
  ['args.flags.has_flags(O_CREAT)', 1, 'has_flags is written has_flags(args.flags, O_CREAT)'],
  ['has_flags(comm, O_CREAT)', 11, 'has_flags tests the bits of an int, but comm is a string'],
  ['has_flags(args.flags, O_CRAT)', 23, 'there is no O_CRAT here', 'did you mean O_CREAT?'],
  ['has_flags(args.flags, "O_CREAT|O_TRUNK")', 32, 'there is no O_TRUNK here', 'did you mean O_TRUNC?'],
  ['has_flags(args.flags, [O_CREAT, "x"])', 34, 'there is no x here'],
  [
    'has_flags(args.flags, args.fd)',
    23,
    'a flag must be a constant, but args.fd is known only when an event happens',
  ],
  [
    'has_flags(args.flags, O_RDONLY)',
    23,
    'O_RDONLY is 0: every value has these flags',
    'args.flags % 4 == O_RDONLY',
  ],
  // A regular expression is none.
  ['comm.matches("(a")', 15, "no regular expression: ')' is missing", 'RE2'],
  ['comm.matches(r"^a\\1")', 18, 'no regular expression: RE2 has no back-references'],
  ['comm.matches("a(?=b)")', 16, 'no regular expression: RE2 has no lookahead and no lookbehind'],
  ['comm.matches(tag)', 14, 'the expression that matches takes must be a string literal'],
])('%s is refused at column %d: %s', (text, column, message, hint = '') => {
  const error = refusal(text);
  expect({ column: error.column, message: error.summary }).toEqual({
    column,
    message: expect.stringContaining(message),
  });
  expect(error.hint ?? '').toContain(hint);
});

test('a condition that would need more values at a time than the draining thread keeps is refused', () => {
  const text = `${'(retval + '.repeat(31)}1${')'.repeat(31)} == 1`;
  expect(refusal(text)).toMatchObject({ column: 2, summary: 'the condition is nested too deeply' });
});
