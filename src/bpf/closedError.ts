/** A method called after close(): "BpfMap 'counts' is closed". */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
  /** The thing that is closed, its kind and name: "BpfMap 'counts'". */
  readonly what: string;

  constructor(what: string) {
    super(`${what} is closed`);
    this.what = what;
  }
}
