import { expect, test } from '@jest/globals';
import { Expiry, type AgentClock } from './expiry.ts';

/** Time that passes when told to. */
class TestClock implements AgentClock {
  now = 5;
  wallOffset: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(wall: number) {
    this.wallOffset = wall - this.now;
  }

  monotonic(): number {
    return this.now;
  }

  wall(): number {
    return this.now + this.wallOffset;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.now + milliseconds, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { callback } of due) callback();
  }
}

const until = (expiresUnixMs: bigint): { expiresUnixMs: bigint } => ({ expiresUnixMs });

/** An Expiry that watches these, as the agent does. */
function watched(clock: TestClock, ...probes: { expiresUnixMs: bigint }[]) {
  const over: bigint[] = [];
  const expiry = new Expiry(() => {
    look();
  }, clock);
  const look = (): void => {
    over.push(...probes.filter((probe) => expiry.isOver(probe)).map(({ expiresUnixMs }) => expiresUnixMs));
    expiry.watch(probes);
  };
  return { expiry, over, look };
}

test('a probe is over at its time, not before, and one without a time never', () => {
  const clock = new TestClock(10_000);
  const { over, look } = watched(clock, until(12_000n), until(0n));
  look();
  clock.pass(1999);
  expect(over).toEqual([]);
  clock.pass(2);
  expect(over).toEqual([12_000n]);
  clock.pass(100_000_000);
  expect(over).toEqual([12_000n]);
});

test("it is the API server's time, whatever this machine's clock says", () => {
  const clock = new TestClock(999_999_999);
  const { expiry, over, look } = watched(clock, until(12_000n));
  expiry.told({ unixMs: 10_000n });
  look();
  expect(over).toEqual([]);
  clock.wallOffset += 1e9;
  clock.pass(1500);
  expect(over).toEqual([]);
  clock.wallOffset -= 5e9;
  clock.pass(600);
  expect(over).toEqual([12_000n]);
});

test("before a controller has told the time, it is this machine's", () => {
  const clock = new TestClock(12_000);
  expect(watched(clock).expiry.isOver(until(12_000n))).toBe(true);
  expect(watched(clock).expiry.isOver(until(12_001n))).toBe(false);
});

test('what is weeks away is waited for', () => {
  const clock = new TestClock(1000);
  const weeks = 60 * 86_400_000;
  const { over, look } = watched(clock, until(BigInt(1000 + weeks)));
  look();
  for (let hour = 0; hour < weeks / 3_600_000; hour++) clock.pass(3_600_000 - 1);
  expect(over).toEqual([]);
  clock.pass(3_600_000);
  expect(over.length).toBe(1);
});
