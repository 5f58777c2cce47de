/** Why the store could not do what it was asked; `failed`: as the message says. */
export type StoreFailure = 'closed' | 'interrupted' | 'memory' | 'disk' | 'locked' | 'failed';

/** The store could not do what it was asked. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** DuckDB tells kinds of errors by the words that their messages begin with. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(failureOf(message), message, { cause: error });
}

function failureOf(message: string): StoreFailure {
  if (/INTERRUPT Error|Interrupted!/i.test(message)) return 'interrupted';
  if (/No space left on device|max_temp_directory_size|disk full/i.test(message)) return 'disk';
  if (/Out of Memory Error|could not allocate/i.test(message)) return 'memory';
  if (/Could not set lock|Conflicting lock/i.test(message)) return 'locked';
  return 'failed';
}
