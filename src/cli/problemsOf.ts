import { formatPosition, ManifestError, type Locate, type Position } from '../api/index.ts';
import { BpfError, VerifierError } from '../bpf/index.ts';
import { FilterError } from '../probe/cel/filterError.ts';
import { PlanError, ProbeRefusedError } from '../probe/resolve/planError.ts';
import { CliError, type Problem } from './cliError.ts';

/** Whose probe an error is about. */
export interface ErrorContext {
  /** Where the values of its manifest stand. */
  locate?: Locate;
  /** Its name, for errors that have no place in the document. */
  probe?: string;
  /** Verifier logs in full. */
  verbose?: boolean;
}

/** What any error says to a person, all of it at once. */
export function problemsOf(error: unknown, context: ErrorContext = {}): Problem[] {
  if (error instanceof CliError) return [...error.problems];
  if (error instanceof ManifestError) return manifestProblems(error);
  if (error instanceof ProbeRefusedError) return error.faults.flatMap((fault) => problemsOf(fault, context));
  if (error instanceof PlanError) return [planProblem(error, context)];
  const who = context.probe === undefined ? '' : `probe ${context.probe}: `;
  if (error instanceof VerifierError) return [verifierProblem(error, who, context.verbose ?? false)];
  if (error instanceof BpfError) return [bpfProblem(error, who)];
  if (!(error instanceof Error)) return [{ message: `${who}${String(error)}` }];
  return [{ message: `${who}${error.message}`, hints: context.verbose === true ? stackOf(error) : [] }];
}

function manifestProblems({ refusals, incomplete }: ManifestError): Problem[] {
  const rest = 'some rules were not checked because of these refusals; correct them and try again';
  return refusals.map(({ position, message, hint }, index) => ({
    message: `${formatPosition(position)}: ${message}`,
    hints: [
      ...(hint === undefined ? [] : [hint]),
      ...(incomplete && index === refusals.length - 1 ? [rest] : []),
    ],
  }));
}

function planProblem(error: PlanError, { locate }: ErrorContext): Problem {
  if (error.cause instanceof FilterError) return filterProblem(error, error.cause, locate);
  const position = locate?.(error.path, error.offset);
  return { message: prefixed(position, error.message) };
}

/** A filter is shown with a mark below what is wrong in it: its line in the file may be quoted or folded. */
function filterProblem(error: PlanError, filter: FilterError, locate: Locate | undefined): Problem {
  const { source, line, column, length, summary, hint } = filter;
  const text = source.text.split('\n')[line - 1] ?? '';
  const offset =
    source.text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length +
    (line > 1 ? 1 : 0) +
    column -
    1;
  const position: Position | undefined =
    source.name === '--filter' ? { source: '--filter', line, column } : locate?.(error.path, offset);
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return {
    message: prefixed(position, summary),
    hints: [text, `${indent}${'^'.repeat(length)}`, ...(hint === undefined ? [] : [hint])],
  };
}

function verifierProblem(error: VerifierError, who: string, verbose: boolean): Problem {
  const { program, errnoName, summary, explanation, log } = error;
  return {
    message: `${who}the kernel's verifier refused program '${program}' (${errnoName}): ${summary}`,
    hints: [
      ...(explanation === undefined ? [] : [explanation]),
      ...(verbose ? log.trimEnd().split('\n') : ['its whole log: traceprobe check --verbose']),
    ],
  };
}

function bpfProblem({ attempted, errnoName, details, hint }: BpfError, who: string): Problem {
  return {
    message: `${who}cannot ${attempted}: ${errnoName}${details.length > 0 ? `, ${details.join('; ')}` : ''}`,
    hints: hint === undefined ? [] : [hint],
  };
}

function prefixed(position: Position | undefined, message: string): string {
  return position === undefined ? message : `${formatPosition(position)}: ${message}`;
}

function stackOf(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}
