import { expect, test } from '@jest/globals';
import { parseDocuments, type Locate } from '../api/index.ts';
import { BpfError, VerifierError } from '../bpf/index.ts';
import { FilterError } from '../probe/cel/filterError.ts';
import { FilterRefusedError, ProbeRefusedError, UnknownFieldError } from '../probe/resolve/planError.ts';
import { CliError } from './cliError.ts';
import { problemsOf } from './problemsOf.ts';

const [manifest] = parseDocuments(
  `apiVersion: traceprobe.io/v1alpha1
kind: TraceProbe
metadata: { name: opens }
spec:
  points:
    - name: openat
      attach: syscall/openat
      filter: 'retval < 0 && nme == "x"'
      capture:
        - { name: file, value: args.filname }
`,
  'opens.yaml',
);
const locate = manifest?.locate as Locate;
const point = ['spec', 'points', 0] as const;

test('what is wrong with a file stands behind its place, all of it at once', () => {
  let refused: unknown;
  try {
    parseDocuments('kind: TraceProbe\n---\nkind: TraceProbe\n', 'bad.yaml');
  } catch (error) {
    refused = error;
  }
  const problems = problemsOf(refused);
  expect(problems.length).toBeGreaterThan(1);
  for (const { message } of problems) expect(message).toMatch(/^bad\.yaml:\d+:\d+: /);
});

test('a part of a value path is pointed at in its file', () => {
  const place = { path: [...point, 'capture', 0, 'value'], offsets: [0, 5] };
  const error = new ProbeRefusedError([
    new UnknownFieldError(place, 'no filname', 'filname', ['filename'], 1),
  ]);
  expect(problemsOf(error, { locate })[0]?.message).toMatch(/^opens\.yaml:10:37: no filname/);
});

test('a name in a filter is pointed at in its file and marked below', () => {
  const source = { text: 'retval < 0 && nme == "x"', name: 'filter' };
  const cause = new FilterError('there is no nme here', source, { start: 14, end: 17 }, 'there are …');
  const error = new FilterRefusedError({ path: [...point, 'filter'] }, cause);
  expect(problemsOf(error, { locate })).toEqual([
    {
      message: 'opens.yaml:8:30: there is no nme here',
      hints: ['retval < 0 && nme == "x"', '              ^^^', 'there are …'],
    },
  ]);
});

test('a filter of the command line is pointed at there', () => {
  const cause = new FilterError('not now', { text: 'a == b', name: '--filter' }, { start: 5, end: 6 });
  const error = new FilterRefusedError({ path: [...point, 'filter'] }, cause);
  expect(problemsOf(error, { locate })[0]?.message).toBe('--filter:1:6: not now');
});

const refusedLoad = {
  attempted: "load program 'enter'",
  ...{ errno: 22, errnoName: 'EINVAL', errnoText: 'Invalid argument', program: 'enter' },
  log: "0: R1=ctx()\n1: (79) r1 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'\nprocessed 2 insns",
};

test('a refusal of the verifier is its summary and what it means; the log comes when it is asked for', () => {
  const error = new VerifierError(refusedLoad);
  const [short] = problemsOf(error, { probe: 'opens' });
  expect(short?.message).toContain("probe opens: the kernel's verifier refused program 'enter'");
  expect(short?.message).toContain("R1 invalid mem access 'scalar'");
  expect(short?.hints?.join('\n')).not.toContain('processed 2 insns');
  expect(problemsOf(error, { verbose: true })[0]?.hints).toContain('processed 2 insns');
});

test('a refused system call says what was tried, and what usually helps', () => {
  const fields = { attempted: "create map 'events'", errno: 12, errnoName: 'ENOMEM', errnoText: 'no memory' };
  const [problem] = problemsOf(new BpfError(fields), { probe: 'opens' });
  expect(problem?.message).toBe("probe opens: cannot create map 'events': ENOMEM");
  expect(problem?.hints?.[0]).toContain('memory limit');
});

test('anything else that is thrown is told as well', () => {
  expect(problemsOf('no error at all')).toEqual([{ message: 'no error at all' }]);
  expect(problemsOf(new CliError([{ message: 'a' }, { message: 'b' }]))).toHaveLength(2);
});
