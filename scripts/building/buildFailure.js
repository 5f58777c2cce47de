/** A build step that failed; the message ends with what the compiler printed. */
export class BuildFailure extends Error {
  constructor(step, output) {
    super(`TraceProbe: cannot build ${step}.\n${output.trimEnd()}`);
    this.name = 'BuildFailure';
  }
}
