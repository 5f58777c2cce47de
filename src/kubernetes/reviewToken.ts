import { RefusedError } from '../rpc/identity.ts';
import type { Answer } from './answerCache.ts';
import type { ApiClient } from './apiClient.ts';
import { ApiError } from './apiError.ts';
import { tokenClaims } from './tokenClaims.ts';

/** Whom the API server takes the bearer of a token for. */
export interface ReviewedUser {
  username: string;
  uid: string;
  groups: string[];
  extra: Record<string, string[]>;
  expires: Date;
}

interface TokenReview {
  status?: {
    authenticated?: boolean;
    error?: string;
    audiences?: string[];
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  };
}

const maxKeepMs = 300_000;
/** So that whoever tries again and again with a bad token costs no request each time. */
const keepRefusalMs = 10_000;
/** Of text that comes from outside and goes into messages. */
const maxShown = 200;

/**
 * Has the API server review a token for an audience. The answer is good until the token expires, at most 5 minutes.
 *
 * @throws RefusedError unavailable when the API server gives no answer
 */
export async function reviewToken(
  api: Pick<ApiClient, 'create'>,
  token: string,
  audience: string,
): Promise<Answer<ReviewedUser>> {
  const claims = tokenClaims(token);
  if (claims === undefined)
    return refused('expected a service account token (a JSON Web Token), got something else');
  if (!claims.audiences.includes(audience)) {
    return refused(
      `expected a token for audience "${audience}", got one for ${shown(claims.audiences.join(', '))}`,
    );
  }
  const status = await post(api, { token, audiences: [audience] });
  const expiry = claims.expires === undefined ? '' : `, expiring ${dateOf(claims.expires)}`;
  const said = `the token says it is ${shown(claims.subject)}'s${expiry}`;
  if (status.authenticated !== true) {
    const why = shown(status.error ?? 'it gives no reason');
    return refused(`expected a token that the API server accepts, got one that it refuses: ${why}; ${said}`);
  }
  if (status.audiences?.includes(audience) !== true) {
    const got = status.audiences?.join(', ') ?? 'none';
    return refused(`expected the API server to confirm audience "${audience}", got ${shown(got)}; ${said}`);
  }
  const expires = claims.expires ?? Date.now() + maxKeepMs;
  const { username = '', uid = '', groups = [], extra = {} } = status.user ?? {};
  return {
    value: { username, uid, groups, extra, expires: new Date(expires) },
    keepMs: Math.min(maxKeepMs, expires - Date.now()),
  };
}

async function post(
  api: Pick<ApiClient, 'create'>,
  spec: object,
): Promise<NonNullable<TokenReview['status']>> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec };
  try {
    const { status } = await api.create<TokenReview>('/apis/authentication.k8s.io/v1/tokenreviews', review, {
      repeatable: true,
      timeoutMs: 10_000,
    });
    return status ?? {};
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new RefusedError('unavailable', `the token cannot be reviewed now: ${error.message}`, {
      cause: error,
    });
  }
}

function refused(message: string): Answer<never> {
  return { refusal: 'unauthenticated', message, keepMs: keepRefusalMs };
}

function shown(text: string): string {
  if (text === '') return 'nobody';
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'at no date' : date.toISOString();
}
