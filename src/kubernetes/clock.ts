/** Time that no one can step: what reflectors, queues and leases measure durations with. */
export interface Clock {
  /** Milliseconds from anywhere; never goes back. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** CLOCK_MONOTONIC, through performance.now() and timers. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};
