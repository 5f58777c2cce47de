import type { ApiClient } from '../kubernetes/apiClient.ts';
import type { Clock } from '../kubernetes/clock.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';

/** How often the API server is asked for the time, in milliseconds. */
const askMs = 5 * 60_000;

/**
 * The API server's clock: creation times are by it, so expiry is. Between two answers the monotonic clock counts on;
 * no step of this machine's clock has any effect once there was an answer. Before there is one, this machine's clock
 * must do.
 */
export class ServerClock {
  readonly #api: Pick<ApiClient, 'create'>;
  readonly #clock: Clock;
  #offset: number;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(api: Pick<ApiClient, 'create'>, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#offset = Date.now() - clock.now();
  }

  /** ms since 1970, true to about a second. */
  now(): number {
    return this.#clock.now() + this.#offset;
  }

  /** Asks now, and from then on now and then. */
  async start(): Promise<void> {
    await this.#ask();
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(askMs, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** By what everybody may create, and nobody keeps: a question who one is. */
  async #ask(): Promise<void> {
    const path = resourcePath({
      group: 'authentication.k8s.io',
      version: 'v1',
      resource: 'selfsubjectreviews',
    });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    try {
      const began = this.#clock.now();
      const answer = await this.#api.create<{ metadata?: { creationTimestamp?: string } }>(path, review, {
        repeatable: true,
        timeoutMs: 5000,
      });
      const told = Date.parse(answer.metadata?.creationTimestamp ?? '');
      if (Number.isNaN(told)) return;
      // It was cut to whole seconds, so it is half a second later on average.
      const offset = told + 500 - (began + this.#clock.now()) / 2;
      // Within that uncertainty, what is known is better than what is new.
      if (Math.abs(offset - this.#offset) > 750) this.#offset = offset;
    } catch {
      // What is known goes on; it is asked again.
    }
  }
}
