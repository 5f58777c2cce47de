/** Who can be told to read on. */
interface Resumable {
  resume(): void;
}

/**
 * Bytes of frames that were received and are not committed. Who is over it stops reading its stream, and HTTP/2 stops
 * the agent: memory is bounded however many agents there are and whatever they send.
 */
export class IngestBudget {
  /** For one stream. */
  readonly perStream: number;
  readonly #overall: number;
  readonly #paused = new Set<Resumable>();
  #bytes = 0;

  constructor(perStream: number, overall: number) {
    this.perStream = perStream;
    this.#overall = overall;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  isFull(): boolean {
    return this.#bytes > this.#overall;
  }

  /** Called by release(), once there is room again. */
  wait(stream: Resumable): void {
    this.#paused.add(stream);
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.isFull()) return;
    const paused = [...this.#paused];
    this.#paused.clear();
    for (const stream of paused) stream.resume();
  }

  remove(stream: Resumable): void {
    this.#paused.delete(stream);
  }
}
