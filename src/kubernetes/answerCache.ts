import { RefusedError, type Refusal } from '../rpc/identity.ts';
import { monotonicClock, type Clock } from './clock.ts';
import { Gate } from './gate.ts';

/** What to remember of a question, and for how long. */
export type Answer<T> = { keepMs: number } & ({ value: T } | { refusal: Refusal; message: string });

export interface AnswerCacheOptions {
  /** Answers remembered, and as many refusals; beyond it those unused for longest go. Default 20,000. */
  maxEntries?: number;
  /** Questions asked at once. Default 16. */
  concurrency?: number;
  /** Questions that may wait; more are refused as unavailable. Default 4,000. */
  maxWaiting?: number;
  clock?: Clock;
}

interface Entry<T> {
  answer: Answer<T>;
  until: number;
}

/**
 * Answers to questions that cost a request: each is asked once at a time and remembered, refusals too; a limited
 * number is asked at once and memory is bounded, whatever strangers ask.
 */
export class AnswerCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  /** Apart, so that a flood of bad tokens does not push out those who are known. */
  readonly #refused = new Map<string, Entry<T>>();
  readonly #asking = new Map<string, Promise<Answer<T>>>();
  readonly #gate: Gate;
  readonly #maxEntries: number;
  readonly #clock: Clock;

  constructor({
    maxEntries = 20_000,
    concurrency = 16,
    maxWaiting = 4000,
    clock = monotonicClock,
  }: AnswerCacheOptions = {}) {
    this.#gate = new Gate(concurrency, maxWaiting);
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size + this.#refused.size;
  }

  /**
   * The answer remembered under this key, or the one that `ask` gives. What `ask` throws is not remembered.
   *
   * @throws RefusedError as answered, or unavailable when too much is being asked
   */
  async get(key: string, ask: () => Promise<Answer<T>>): Promise<T> {
    const answer = this.#remembered(key) ?? (await this.#ask(key, ask));
    if ('value' in answer) return answer.value;
    throw new RefusedError(answer.refusal, answer.message);
  }

  #remembered(key: string): Answer<T> | undefined {
    const answers = this.#entries.has(key) ? this.#entries : this.#refused;
    const entry = answers.get(key);
    if (entry === undefined) return undefined;
    answers.delete(key);
    if (this.#clock.now() >= entry.until) return undefined;
    answers.set(key, entry); // as the most recently used
    return entry.answer;
  }

  #ask(key: string, ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    if (this.#gate.isFull) {
      throw new RefusedError(
        'unavailable',
        'too many callers are waiting for the API server to review them; come again',
      );
    }
    const asking = this.#gate
      .pass(async () => {
        const answer = await ask();
        this.#remember(key, answer);
        return answer;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  #remember(key: string, answer: Answer<T>): void {
    if (answer.keepMs <= 0) return;
    const answers = 'value' in answer ? this.#entries : this.#refused;
    answers.set(key, { answer, until: this.#clock.now() + answer.keepMs });
    if (answers.size <= this.#maxEntries) return;
    const oldest = answers.keys().next();
    if (oldest.done !== true) answers.delete(oldest.value);
  }
}
