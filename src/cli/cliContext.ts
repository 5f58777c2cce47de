import type { Log } from './createLog.ts';
import type { Problem } from './cliError.ts';
import { escapeText } from './output/escapeText.ts';
import type { TextOutput } from './output/textOutput.ts';

/** What commands are handed of the world. */
export interface CliContext {
  stdout: TextOutput;
  stderr: TextOutput;
  environment: NodeJS.ProcessEnv;
  /** Called as kubectl's plugin: the cluster is meant, not this machine. */
  isPlugin?: boolean;
  /** For what a developer of probes or of TraceProbe wants to know; people get lines on stderr. */
  log: Log;
  /** What the process will end with; commands set it, errors do so by themselves. */
  exitCode: number;
}

/** `error: MESSAGE` and its hints, indented below. */
export function reportProblems(
  stderr: TextOutput,
  problems: readonly Problem[],
  severity: 'error' | 'warning' = 'error',
): void {
  const seen = new Set<string>();
  const label = severity === 'error' ? paint(stderr, '31', 'error:') : paint(stderr, '33', 'warning:');
  for (const { message, hints = [] } of problems) {
    const lines = [
      `${label} ${safeLines(message)}`,
      ...hints.map((hint) => `  ${safeLines(hint).replaceAll('\n', '\n  ')}`),
    ];
    const text = lines.join('\n');
    // --filter is wrong once, however many probes it is for.
    if (!seen.has(text)) stderr.line(text);
    seen.add(text);
  }
}

/** Messages quote files and kernels: line ends stay, everything else that a terminal obeys is made visible. */
function safeLines(text: string): string {
  return text.split('\n').map(escapeText).join('\n');
}

function paint(stderr: TextOutput, code: string, text: string): string {
  return stderr.colours ? `\x1b[${code}m${text}\x1b[0m` : text;
}
