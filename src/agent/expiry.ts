import type { DesiredProbe, DesiredState } from '../rpc/gen/traceprobe/v1/agent_pb.ts';

/** Time as an agent sees it. */
export interface AgentClock {
  /** Milliseconds from anywhere, which nobody can step. */
  monotonic(): number;
  /** Milliseconds since 1970 by this machine's clock. */
  wall(): number;
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const realClock: AgentClock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Timers of Node take at most 2^31 ms. */
const longestWait = 3_600_000;

/**
 * When probes expire, with or without a controller. The time is the API server's, as the controller told last; from
 * then on the monotonic clock counts, so that no step of this machine's clock ends or prolongs a probe. Until a
 * controller has told, as after a restart without one, this machine's clock must do.
 */
export class Expiry {
  readonly #clock: AgentClock;
  readonly #onDue: () => void;
  /** Unix time − monotonic time. */
  #offset: number;
  #cancel: () => void = () => undefined;

  /** @param onDue a watched probe may have expired: ask isOver */
  constructor(onDue: () => void, clock = realClock) {
    this.#onDue = onDue;
    this.#clock = clock;
    this.#offset = clock.wall() - clock.monotonic();
  }

  /** The controller says what time it is. */
  told({ unixMs }: Pick<DesiredState, 'unixMs'>): void {
    if (unixMs > 0n) this.#offset = Number(unixMs) - this.#clock.monotonic();
  }

  /** A probe's time (spec.expireAfter) is over. */
  isOver({ expiresUnixMs }: Pick<DesiredProbe, 'expiresUnixMs'>): boolean {
    return expiresUnixMs > 0n && this.#left(expiresUnixMs) <= 0;
  }

  /** Calls onDue when the next of these expires. */
  watch(probes: Iterable<Pick<DesiredProbe, 'expiresUnixMs'>>): void {
    this.#cancel();
    const left = [...probes]
      .filter(({ expiresUnixMs }) => expiresUnixMs > 0n)
      .map(({ expiresUnixMs }) => this.#left(expiresUnixMs))
      .filter((milliseconds) => milliseconds > 0);
    if (left.length === 0) return;
    // Rounded up: a timer that comes early would find nothing expired.
    const wait = Math.min(longestWait, Math.ceil(Math.min(...left)) + 1);
    this.#cancel = this.#clock.after(wait, this.#onDue);
  }

  close(): void {
    this.#cancel();
  }

  #left(expiresUnixMs: bigint): number {
    return Number(expiresUnixMs) - (this.#clock.monotonic() + this.#offset);
  }
}
