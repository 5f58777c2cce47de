import type { DelayedUnlinkPlan } from '../../probe/plan.ts';
import type { AgentLog } from '../agentLog.ts';
import type { Positions, Reading, ShippedFile } from './positions/positions.ts';
import type { PositionsError } from './positions/positionsError.ts';
import { readPositions } from './positions/readPositions.ts';
import { staleness } from './positions/staleness.ts';
import { watchPositions } from './positions/watchPositions.ts';

export interface ShipperNotesOptions {
  positions: NonNullable<DelayedUnlinkPlan['positions']>;
  /** Where a path of the node is for this process. */
  pathHere: (path: string) => string;
  /** They say something else now. */
  onChange: () => void;
  log: AgentLog;
}

/** How far a log shipper has read, as its own notes say, always the latest. */
export class ShipperNotes {
  readonly #options: ShipperNotesOptions;
  readonly #ended = new AbortController();
  #positions: Positions | undefined;
  #unusable: string | undefined;
  #stale: PositionsError | undefined;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(options: ShipperNotesOptions) {
    this.#options = options;
    const { format, path } = options.positions;
    watchPositions(format, options.pathHere(path), {
      onChange: () => {
        this.#read();
      },
      signal: this.#ended.signal,
    });
    this.#read();
  }

  /** How far a file has been read; undefined: the notes do not say. */
  of(file: ShippedFile): Reading | undefined {
    return this.#positions?.of(file);
  }

  /** Why they cannot be used, so that the time limit decides; undefined: they can. */
  get problem(): string | undefined {
    return this.#unusable ?? this.#stale?.message;
  }

  /**
   * There is something to read that was written then (milliseconds since 1970): a shipper that notes nothing for long
   * after that does not read it. That stays the problem until it notes something.
   */
  expectSince(written: number): void {
    if (this.#positions === undefined || this.#stale !== undefined) return;
    const before = this.problem;
    this.#stale = staleness(this.#positions, this.#options.positions.path, written, Date.now());
    this.#tell(before);
  }

  /** Settled when what has been written so far has been read. */
  async settled(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
  }

  close(): void {
    this.#ended.abort();
  }

  #read(): void {
    if (this.#reading !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined;
      if (this.#again && !this.#ended.signal.aborted) this.#read();
    });
  }

  async #readOnce(): Promise<void> {
    const { positions, pathHere, onChange } = this.#options;
    const before = this.problem;
    try {
      const read = await readPositions(positions.format, pathHere(positions.path));
      if (read.writtenAt !== this.#positions?.writtenAt) this.#stale = undefined;
      this.#positions = read;
      this.#unusable = undefined;
    } catch (error) {
      this.#positions = undefined;
      this.#unusable = (error as Error).message;
    }
    if (this.#ended.signal.aborted) return;
    this.#tell(before);
    onChange();
  }

  #tell(before: string | undefined): void {
    const { log, positions } = this.#options;
    const { problem } = this;
    if (problem === before) return;
    if (problem === undefined)
      log('info', "the log shipper's positions can be used", { path: positions.path });
    else
      log('warn', "the log shipper's positions cannot be used: the time limit decides", { error: problem });
  }
}
