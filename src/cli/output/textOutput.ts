import type { Writable } from 'node:stream';

/** A stream that is a terminal has these as well (tty.WriteStream). */
type OutputStream = Writable & { isTTY?: boolean; columns?: number };

/** Text to standard output or standard error. A reader that has gone (`| head`) is no error: see `gone`. */
export class TextOutput {
  readonly #stream: OutputStream;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #gone = new AbortController();
  #failure: Error | undefined;

  constructor(stream: OutputStream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.#environment = environment;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.#failure = error;
      this.#gone.abort();
    });
  }

  /** Aborted when nobody reads any more, or when writing failed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Why writing failed (a full disk, say); undefined for a reader that has gone. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Width of the terminal, which may change; undefined: it is none. Some do not tell theirs, or say 0. */
  get columns(): number | undefined {
    const { columns = 0 } = this.#stream;
    return this.isTerminal ? Math.max(columns, 0) || 80 : undefined;
  }

  /** On a terminal that is not told otherwise (https://no-color.org). */
  get colours(): boolean {
    const { NO_COLOR: noColour, TERM: term } = this.#environment;
    return this.isTerminal && (noColour === undefined || noColour === '') && term !== 'dumb';
  }

  /** Settled when the text is on its way and more may follow; false at once when nobody reads any more. */
  async write(text: string): Promise<boolean> {
    if (this.gone.aborted) return false;
    if (!this.#stream.write(text)) await this.#drained();
    return !this.gone.aborted;
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#stream.off('drain', settle);
        this.gone.removeEventListener('abort', settle);
        resolve();
      };
      this.#stream.on('drain', settle);
      this.gone.addEventListener('abort', settle);
    });
  }

  /** A line that needs no waiting for: a few of them, for people. */
  line(text: string): void {
    if (!this.gone.aborted) this.#stream.write(`${text}\n`);
  }

  /** Settled when everything written has left this process, or nobody reads any more. */
  async flushed(): Promise<void> {
    if (this.gone.aborted || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      this.gone.addEventListener('abort', () => {
        resolve();
      });
      this.#stream.write('', () => {
        resolve();
      });
    });
  }
}
