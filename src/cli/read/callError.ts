import { status, type ServiceError } from '@grpc/grpc-js';
import { CliError } from '../cliError.ts';

/**
 * Why a call to an aggregator failed, for a person.
 *
 * @param way what went wrong on the way there, where that is known
 */
export function callError(error: unknown, way?: string): unknown {
  if (!isServiceError(error)) return error;
  const [message = '', ...hints] = error.details.split('\n').map((line) => line.replace(/^ {2}/, ''));
  if (error.code === status.UNAVAILABLE) {
    return new CliError([{ message: `the aggregator cannot be reached: ${way ?? message}`, hints }]);
  }
  return new CliError([{ message, hints }]);
}

/** A stream that was cut off because its token had expired. */
export function isExpired(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAUTHENTICATED && /expired/.test(error.details);
}

/** This end hung up. */
export function isCancelled(error: unknown): boolean {
  return isServiceError(error) && error.code === status.CANCELLED;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
