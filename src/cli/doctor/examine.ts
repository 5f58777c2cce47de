import { existsSync, readFileSync } from 'node:fs';
import { arch } from 'node:process';
import { KernelFeatures } from '../../bpf/index.ts';
import type { CliContext } from '../cliContext.ts';
import { exitCodes } from '../cliError.ts';
import { escapeText } from '../output/escapeText.ts';
import type { TextOutput } from '../output/textOutput.ts';
import { reportDeadRuns } from '../programs/reportDeadRuns.ts';
import { runEpochs } from '../programs/runEpochs.ts';
import { thisMachine } from '../requireTracing.ts';
import { featureFindings } from './featureFindings.ts';
import { missing, type Finding, type FindingGroup } from './findings.ts';
import { machineFindings } from './machineFindings.ts';

/** `traceprobe doctor`. Resolves to the exit code: 1 when nothing can run here. */
export function examine(output: 'text' | 'json', context: CliContext): number {
  const { stdout } = context;
  const machine = thisMachine();
  reportDeadRuns(runEpochs(context), context);
  const groups: FindingGroup[] = [
    {
      title: 'Machine',
      findings: machineFindings(
        machine,
        arch,
        { read: readIfPossible, exists: existsSync },
        context.environment['TRACEPROBE_PIN_DIR'],
      ),
    },
    {
      title: 'Kernel features, each found by trying',
      findings: machine.platform === 'linux' ? features() : [],
    },
  ];
  const findings = groups.flatMap((group) => group.findings);
  const works = !findings.some(({ status }) => status === 'missing');
  if (output === 'json') {
    stdout.line(JSON.stringify({ canTrace: works, findings }, undefined, 2));
  } else {
    for (const line of groups.flatMap((group) => groupLines(group, stdout))) stdout.line(line);
    stdout.line(verdict(works, findings));
  }
  return works ? exitCodes.ok : exitCodes.failure;
}

function features(): Finding[] {
  try {
    using probes = new KernelFeatures();
    return featureFindings(probes);
  } catch (error) {
    return [missing('native addon', (error as Error).message, 'nothing can be loaded')];
  }
}

function readIfPossible(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function groupLines({ title, findings }: FindingGroup, stdout: TextOutput): string[] {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, status, found, consequence }) => [
    `  ${mark(status, stdout)} ${name.padEnd(width)}  ${escapeText(found)}`,
    ...(consequence === undefined ? [] : [`${' '.repeat(width + 11)}→ ${escapeText(consequence)}`]),
  ]);
  return [title, ...lines, ''];
}

const marks = {
  ok: { text: 'ok     ', colour: '32' },
  limited: { text: 'no     ', colour: '33' },
  missing: { text: 'MISSING', colour: '31' },
} as const;

function mark(status: Finding['status'], { colours }: TextOutput): string {
  const { text, colour } = marks[status];
  return colours ? `\x1b[${colour}m${text}\x1b[0m` : text;
}

function verdict(works: boolean, findings: readonly Finding[]): string {
  if (!works) return 'Nothing can be traced here: see MISSING above.';
  const limits = findings.filter(({ status }) => status === 'limited').length;
  return limits === 0
    ? 'Everything works here.'
    : `Probes run here, with ${limits} limit${limits === 1 ? '' : 's'}.`;
}
