import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';

/** Writes to a reader no faster than it reads. */
export class ResultWriter<T> {
  readonly #call: ServerWritableStream<unknown, T>;
  readonly #gone = new AbortController();

  constructor(call: ServerWritableStream<unknown, T>) {
    this.#call = call;
    const gone = (): void => {
      this.#gone.abort(new ReaderGoneError());
    };
    call.on('cancelled', gone);
    call.on('close', gone);
    call.on('error', gone);
    if (call.cancelled) gone();
  }

  /** Aborted when the reader has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Settled when more may follow.
   *
   * @throws the signal's reason, or a ReaderGoneError
   */
  async write(message: T, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#gone.signal]);
    either.throwIfAborted();
    if (this.#call.write(message)) return;
    try {
      await once(this.#call, 'drain', { signal: either });
    } catch (error) {
      either.throwIfAborted();
      throw error;
    }
  }
}

/** The reader hung up: nothing is wrong, and nobody is left to be told. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';

  constructor() {
    super('the reader has gone');
  }
}
