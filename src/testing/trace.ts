import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import { imbalance, type Account } from '../agent/account.ts';
import { Host } from '../agent/host.ts';
import { parseDocuments, type TraceProbe } from '../api/index.ts';
import { decodeBatch } from '../codec/decodeBatch.ts';
import { rowsOf, type Row } from '../codec/rowsOf.ts';
import { compileProbe } from '../probe/compile.ts';
import { runningKernel } from '../probe/resolve/runningKernel.ts';

/** An event, flat: what every event has beside the point's own columns. */
export interface TracedEvent extends Omit<Row, 'fields'>, Record<string, unknown> {
  point: string;
}

/** Values that an event must have: equal ones, patterns for strings, or a function that decides. */
export type ExpectedEvent = Record<string, unknown>;

export interface Traced {
  events: TracedEvent[];
  account: Account;
}

type Check = (traced: Traced) => void;

/**
 * A probe to be run around an action. `await` it, after saying what is expected: it starts the probe, runs the action,
 * stops the probe, waits until the kernel's counters say that everything has arrived, and then checks.
 */
export interface Trace extends PromiseLike<Traced> {
  /** What is done while the probe runs; several are done one after another. */
  during(action: () => unknown): Trace;
  /** At least one event has these values. */
  expectEvent(expected: ExpectedEvent): Trace;
  /** No event has these values. */
  expectNone(expected: ExpectedEvent): Trace;
  /** Exactly so many events have these values. */
  expectCount(count: number, expected: ExpectedEvent): Trace;
}

/**
 * Runs a TraceProbe on this kernel around an action, for tests of probes.
 *
 *     await trace(yaml).during(() => rmSync(file)).expectEvent({ name: 'file', comm: /node/ });
 *
 * @param probe a TraceProbe, or the text of one (YAML)
 * @throws whatever refuses the probe; AssertionError with the nearest events when an expectation is not met
 */
export function trace(probe: string | TraceProbe): Trace {
  return new Tracing(typeof probe === 'string' ? parseOne(probe) : probe);
}

function parseOne(text: string): TraceProbe {
  const [manifest, ...more] = parseDocuments(text, 'probe');
  if (manifest === undefined || more.length > 0) {
    throw new TypeError(
      `trace() takes one TraceProbe, not ${more.length + (manifest === undefined ? 0 : 1)}`,
    );
  }
  return manifest.probe;
}

class Tracing implements Trace {
  readonly #probe: TraceProbe;
  readonly #actions: (() => unknown)[] = [];
  readonly #checks: Check[] = [];

  constructor(probe: TraceProbe) {
    this.#probe = probe;
  }

  during(action: () => unknown): Trace {
    this.#actions.push(action);
    return this;
  }

  expectEvent(expected: ExpectedEvent): Trace {
    this.#checks.push((traced) => {
      if (matching(traced, expected).length === 0) fail('an event', expected, traced);
    });
    return this;
  }

  expectNone(expected: ExpectedEvent): Trace {
    this.#checks.push((traced) => {
      if (matching(traced, expected).length > 0) fail('no event', expected, traced);
    });
    return this;
  }

  expectCount(count: number, expected: ExpectedEvent): Trace {
    this.#checks.push((traced) => {
      const found = matching(traced, expected).length;
      if (found !== count) fail(`${count} events (not ${found})`, expected, traced);
    });
    return this;
  }

  then<Kept = Traced, Refused = never>(
    fulfilled?: ((traced: Traced) => Kept | PromiseLike<Kept>) | null,
    rejected?: ((reason: unknown) => Refused | PromiseLike<Refused>) | null,
  ): PromiseLike<Kept | Refused> {
    return this.#run().then(fulfilled, rejected);
  }

  async #run(): Promise<Traced> {
    const traced = await run(this.#probe, this.#actions);
    for (const check of this.#checks) check(traced);
    return traced;
  }
}

async function run(probe: TraceProbe, actions: readonly (() => unknown)[]): Promise<Traced> {
  using kernel = runningKernel();
  const plan = compileProbe(probe, kernel);
  const events: TracedEvent[] = [];
  const host = new Host({
    onBatches(batches) {
      for (const { bytes, point } of batches) {
        const batch = decodeBatch(
          bytes,
          point.columns.map(({ type }) => type),
        );
        for (const { fields, ...row } of rowsOf(batch, point.columns)) {
          events.push({ ...fields, ...row, point: point.name });
        }
      }
    },
  });
  try {
    await host.apply(plan);
    for (const action of actions) await action();
    const account = await host.stop(plan.uid);
    const short = imbalance(account);
    if (short.kernel !== 0n || short.delivery !== 0n || BigInt(events.length) !== account.delivered) {
      throw new AssertionError({
        message: `the account does not add up: ${inspect({ ...account, ...short, events: events.length })}`,
      });
    }
    return { events, account };
  } finally {
    await host.close();
  }
}

function matches(event: TracedEvent, expected: ExpectedEvent): boolean {
  return Object.entries(expected).every(([name, wanted]) => agrees(event[name], wanted));
}

function agrees(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return typeof value === 'string' && wanted.test(value);
  if (typeof wanted === 'function') return Boolean((wanted as (value: unknown) => unknown)(value));
  return isDeepStrictEqual(value, wanted);
}

function matching({ events }: Traced, expected: ExpectedEvent): TracedEvent[] {
  return events.filter((event) => matches(event, expected));
}

/** How many of the wanted values an event has. */
function nearness(event: TracedEvent, expected: ExpectedEvent): number {
  return Object.entries(expected).filter(([name, wanted]) => agrees(event[name], wanted)).length;
}

const shown = 5;

function fail(what: string, expected: ExpectedEvent, { events, account }: Traced): never {
  const nearest = [...events]
    .sort((a, b) => nearness(b, expected) - nearness(a, expected))
    .slice(0, shown)
    .map((event) => `  ${inspect(event, { breakLength: Infinity })}`);
  const list = nearest.length === 0 ? '  none' : nearest.join('\n');
  throw new AssertionError({
    message: `expected ${what} with ${inspect(expected, { breakLength: Infinity })}
nearest of ${events.length} events:
${list}
account: ${inspect(account, { breakLength: Infinity })}`,
  });
}
