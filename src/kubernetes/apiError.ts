/** What the API server says instead of an object (meta/v1 Status), as far as it is read here. */
export interface StatusObject {
  kind?: string;
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  metadata?: { continue?: string };
  details?: { retryAfterSeconds?: number; causes?: { reason?: string; message?: string }[] };
}

export interface ApiFailure {
  /** What was asked, such as "GET /api/v1/nodes". */
  tried: string;
  /** HTTP status; 0: no answer came. */
  status: number;
  /**
   * For machines: the API server's (NotFound, AlreadyExists, Conflict, Expired, Gone, Forbidden, Invalid, …), or
   * Unreachable (no answer, or one that broke off), TimedOut, Unreadable (no JSON), NoCredentials.
   */
  reason: string;
  message: string;
  /** When to come again at the earliest, where the server says so. */
  retryAfterMs?: number;
  /** Machine reasons in the details, such as ResourceVersionTooLarge. */
  causes?: string[];
}

/** A request that the API server refused, or that did not reach it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly tried: string;
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly string[];

  constructor(failure: ApiFailure, options?: ErrorOptions) {
    const answer = failure.status === 0 ? failure.reason : `${failure.status} ${failure.reason}`;
    super(`${failure.tried}: ${answer}: ${failure.message}`, options);
    this.tried = failure.tried;
    this.status = failure.status;
    this.reason = failure.reason;
    this.retryAfterMs = failure.retryAfterMs;
    this.causes = failure.causes ?? [];
  }

  /** The history asked for is no longer there (410): list again. */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === 'Expired' || this.reason === 'Gone';
  }

  /** The server has not got so far (504 with this cause): another replica, or a restored backup. */
  get isAheadOfServer(): boolean {
    return this.causes.includes('ResourceVersionTooLarge');
  }

  /** No answer was had: nothing is known of what became of the request. */
  get isUnanswered(): boolean {
    return this.status === 0;
  }

  /** From a Status in an answer, or in a watch. */
  static fromStatus(tried: string, httpStatus: number, status: StatusObject): ApiError {
    const seconds = status.details?.retryAfterSeconds;
    return new ApiError({
      tried,
      status: status.code ?? httpStatus,
      reason: status.reason ?? 'Unknown',
      message: status.message ?? '(the API server gives no message)',
      ...(seconds !== undefined && { retryAfterMs: seconds * 1000 }),
      causes: (status.details?.causes ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
    });
  }
}
