import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { FilterError } from '../../probe/cel/filterError.ts';
import { RefusedError } from '../../rpc/identity.ts';
import { StoreError } from '../store/storeError.ts';
import { NotStoredError } from './query/storedPoint.ts';
import { ReaderError } from './query/readerError.ts';
import { QueueFullError } from './queryQueue.ts';
import { ReaderGoneError } from './resultWriter.ts';
import { SqlRefusedError } from './sql/sqlRefusedError.ts';

/** The time a query may take is over. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';

  constructor(milliseconds: number) {
    super(
      `the query took longer than ${milliseconds / 1000} s: ask for a shorter time, filter more, or aggregate`,
    );
  }
}

/** The process has not the memory that a query takes. */
export class MemoryLimitError extends Error {
  override readonly name = 'MemoryLimitError';

  constructor() {
    super(
      'the query takes more memory than there is: ask for a shorter time, filter more, or aggregate less',
    );
  }
}

/** What a caller is told of an error. Faults of our own are told as such, with their details in the log alone. */
export function serviceError(error: unknown): ServiceError {
  if (error instanceof RefusedError) return error;
  if (error instanceof FilterError || error instanceof SqlRefusedError || error instanceof ReaderError) {
    return told(status.INVALID_ARGUMENT, error);
  }
  if (error instanceof NotStoredError) return told(status.NOT_FOUND, error);
  if (error instanceof ReaderGoneError) return told(status.CANCELLED, error);
  if (error instanceof QueueFullError || error instanceof MemoryLimitError)
    return told(status.RESOURCE_EXHAUSTED, error);
  if (error instanceof TimeLimitError) return told(status.DEADLINE_EXCEEDED, error);
  if (error instanceof StoreError) return told(storeStatus(error), error);
  return told(status.INTERNAL, new Error('the aggregator failed; its log says why', { cause: error }));
}

function storeStatus({ failure, message }: StoreError): status {
  if (failure === 'memory') return status.RESOURCE_EXHAUSTED;
  if (failure === 'closed' || failure === 'disk' || failure === 'locked') return status.UNAVAILABLE;
  if (failure === 'interrupted') return status.CANCELLED;
  // DuckDB's words for statements that make no sense, of which there is only the reader's own SQL.
  return /^(Binder|Conversion|Parser|Invalid Input|Out of Range|Catalog) Error/i.test(message)
    ? status.INVALID_ARGUMENT
    : status.INTERNAL;
}

function told(code: status, error: Error): ServiceError {
  return Object.assign(error, { code, details: error.message, metadata: new Metadata() });
}
