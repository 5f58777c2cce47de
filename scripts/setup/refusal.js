/** Something set-up cannot do: one sentence with the reason, and what the reader can do about it. */
export class Refusal extends Error {
  constructor(reason, remedy) {
    super(`TraceProbe: ${reason}.\n${remedy}`);
    this.name = 'Refusal';
  }
}
