import { createHash } from 'node:crypto';
import { RefusedError, type ReaderAuthority, type ReaderIdentity } from '../rpc/identity.ts';
import { AnswerCache, type AnswerCacheOptions } from './answerCache.ts';
import type { ApiClient } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { reviewToken, type ReviewedUser } from './reviewToken.ts';

export interface ReaderReviewerOptions extends AnswerCacheOptions {
  api: Pick<ApiClient, 'create'>;
  /** How long a right is taken to hold once it was seen, in milliseconds. Default 30 s. */
  keepAccessMs?: number;
}

/** The audience of readers' tokens. */
export const readerAudience = 'traceprobe-read';

interface AccessReview {
  status?: { allowed?: boolean; reason?: string };
}

/** Readers are whom the API server says; RBAC says whether they may get traceprobes/events of a probe. */
export class ReaderReviewer implements ReaderAuthority {
  readonly #api: Pick<ApiClient, 'create'>;
  readonly #keepAccessMs: number;
  readonly #users: AnswerCache<ReviewedUser>;
  readonly #access: AnswerCache<boolean>;

  constructor({ api, keepAccessMs = 30_000, ...limits }: ReaderReviewerOptions) {
    this.#api = api;
    this.#keepAccessMs = keepAccessMs;
    this.#users = new AnswerCache(limits);
    this.#access = new AnswerCache(limits);
  }

  /** @throws RefusedError */
  async authenticate(token: string): Promise<ReaderIdentity> {
    const { username, uid, groups, expires } = await this.#users.get(digest(token), () =>
      reviewToken(this.#api, token, readerAudience),
    );
    if (expires.getTime() <= Date.now()) {
      const date = expires.toISOString();
      throw new RefusedError(
        'unauthenticated',
        `expected a token that is valid, got one that expired at ${date}`,
      );
    }
    return { username, uid, groups, expires };
  }

  /**
   * Whether RBAC lets the reader get traceprobes/events of this name; '*': of every name.
   *
   * @throws RefusedError unavailable when the API server gives no answer
   */
  mayRead({ username, uid, groups }: ReaderIdentity, probe: string): Promise<boolean> {
    const key = digest(JSON.stringify([username, uid, groups, probe]));
    return this.#access.get(key, async () => {
      const resourceAttributes = {
        group: 'traceprobe.io',
        resource: 'traceprobes',
        subresource: 'events',
        verb: 'get',
        ...(probe !== '*' && { name: probe }), // without a name: only who may get all of them
      };
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: username, uid, groups, resourceAttributes },
      };
      try {
        const { status } = await this.#api.create<AccessReview>(
          '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          review,
          { repeatable: true, timeoutMs: 10_000 },
        );
        return { value: status?.allowed === true, keepMs: this.#keepAccessMs };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const message = `whether ${username} may read events cannot be reviewed now: ${error.message}`;
        throw new RefusedError('unavailable', message, { cause: error });
      }
    });
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
