import { expect, test } from '@jest/globals';
import { processesPoint } from './processesPoint.ts';
import { fakeKernel } from './testing/fakeKernel.ts';

test('processes are two programs of one kind of record', () => {
  using kernel = fakeKernel();
  const plan = processesPoint(kernel);
  expect(plan.programs.map(({ object, program, hook }) => [object, program, hook])).toEqual([
    ['processes', 'exec', { type: 'rawTracepoint', name: 'sched_process_exec' }],
    ['processes', 'leave', { type: 'rawTracepoint', name: 'sched_process_exit' }],
  ]);
  expect(plan.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'kind String',
    'filename String',
    'args String',
    'argc Int64',
    'exit_code Int64',
    'signal Int64',
    'lifetime Duration',
  ]);
  expect(plan.large).toBe(true);
});

test('a filter of processes is decided by the draining thread, whatever it looks at', () => {
  using kernel = fakeKernel();
  const plan = processesPoint(kernel, [{ text: 'kind == "exit" && exit_code != 0 && pid > 1u' }]);
  expect(plan.filterSource).toEqual({ kernel: [], native: ['kind == "exit"', 'exit_code != 0', 'pid > 1u'] });
  expect(plan.programs.flatMap(({ predicates }) => predicates)).toEqual([]);
  expect(plan.nativeFilter).toContainEqual({ op: 'column', index: 4 });
});

test('a column that processes do not have is refused', () => {
  using kernel = fakeKernel();
  expect(() => processesPoint(kernel, [{ text: 'exitcode == 0' }])).toThrow(/exit_code/);
  expect(() => processesPoint(kernel, [{ text: 'args.argv == "x"' }])).toThrow(
    'args is a String, which has no members',
  );
});

test('a kernel without raw tracepoints has no processes', () => {
  using kernel = fakeKernel({ lacking: { rawTracepoint: 'EPERM' } });
  expect(() => processesPoint(kernel)).toThrow('builtin processes needs raw tracepoints');
});
