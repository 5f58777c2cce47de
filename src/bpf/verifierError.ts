import { BpfError, type BpfErrorFields } from './bpfError.ts';
import { explainRefusal, summarizeLog } from './verifierLog.ts';

/** What the addon tells of a program that the kernel's verifier refused. */
export interface VerifierErrorFields extends BpfErrorFields {
  /** The program's name; empty when libbpf did not say. */
  program: string;
  /** The verifier's whole log. */
  log: string;
}

/** The kernel's verifier refused a program. The message carries the summary; the whole log is in `log`. */
export class VerifierError extends BpfError {
  override readonly name = 'VerifierError';
  readonly program: string;
  readonly log: string;
  /** The last useful lines of the log: the instruction, its source line and the refusal. */
  readonly summary: string;
  /** What a common refusal means and how programs are changed to avoid it; undefined for others. */
  readonly explanation: string | undefined;

  constructor(fields: VerifierErrorFields) {
    const summary = summarizeLog(fields.log);
    const explanation = explainRefusal(fields.log);
    super(
      fields,
      `cannot ${fields.attempted}: the verifier refused program '${fields.program}' (${fields.errnoName}): ${summary}` +
        (explanation === undefined ? '' : `\n${explanation}`),
    );
    this.program = fields.program;
    this.log = fields.log;
    this.summary = summary;
    this.explanation = explanation;
  }
}
