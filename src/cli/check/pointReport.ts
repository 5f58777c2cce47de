import type { PointPlan } from '../../probe/plan.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { describeHook } from './describeHook.ts';
import type { CheckedProgram } from './loadPoint.ts';

/** What a point became, as lines for a person. */
export function pointReport(point: PointPlan, programs: readonly CheckedProgram[] | undefined): string[] {
  const { kernel, native } = point.filterSource;
  const columns = point.columns.filter(({ visible }) => visible);
  const helpers = point.columns.length - columns.length;
  return [
    `  point ${point.name}: ${point.attach}`,
    ...(programs === undefined ? hookLines(point) : programLines(programs)),
    ...labelled('captures', [
      columns.map(({ name, type }) => `${name} ${type}`).join(', ') +
        (helpers > 0 ? ` (and ${helpers} more for the filter)` : ''),
    ]),
    ...labelled('filtered in the kernel', kernel),
    ...labelled('filtered after capture, natively', native),
    ...labelled('note', point.notes),
  ];
}

function programLines(programs: readonly CheckedProgram[]): string[] {
  const header = ['PROGRAM', 'HOOK', 'XLATED', 'JITED', 'VERIFIED'];
  const rows = programs.map(({ plan, info }) => [
    `${plan.object}/${plan.program}`,
    describeHook(plan.hook),
    `${info.xlatedBytes} B`,
    info.jitedBytes === 0 ? 'not shown' : `${info.jitedBytes} B`,
    `${info.verifiedInstructions} insns`,
  ]);
  return alignColumns([header, ...rows], { indent: 4, right: [2, 3, 4] });
}

function hookLines({ programs }: PointPlan): string[] {
  const rows = programs.map(({ object, program, hook }) => [`${object}/${program}`, describeHook(hook)]);
  return alignColumns([['PROGRAM', 'HOOK'], ...rows], { indent: 4 });
}

function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text) => `    ${label}: ${text}`);
}
