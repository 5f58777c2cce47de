import { createHash } from 'node:crypto';
import { RefusedError, type AgentAuthenticator, type AgentIdentity } from '../rpc/identity.ts';
import { AnswerCache, type AnswerCacheOptions } from './answerCache.ts';
import type { ApiClient } from './apiClient.ts';
import { reviewToken, type ReviewedUser } from './reviewToken.ts';

export interface TokenReviewerOptions extends AnswerCacheOptions {
  api: Pick<ApiClient, 'create'>;
  /** The ServiceAccount that agents of this installation run as. */
  serviceAccount: { namespace: string; name: string };
  /** Whether there is such a pod on such a node now. */
  knowsPod: (podUid: string, nodeName: string) => boolean;
}

/** The audience of agents' tokens. */
export const agentAudience = 'traceprobe-agent';

const extras = {
  podName: 'authentication.kubernetes.io/pod-name',
  podUid: 'authentication.kubernetes.io/pod-uid',
  nodeName: 'authentication.kubernetes.io/node-name',
  nodeUid: 'authentication.kubernetes.io/node-uid',
} as const;

/**
 * Takes for an agent who shows a token of the agents' ServiceAccount, for our audience, bound to a pod that is known to
 * be on its node. The audience alone proves nothing: any pod can have a token for any audience. Reviews are remembered
 * by the token's hash, so they hold while the API server is away; whether the pod is still there is asked each time.
 */
export class TokenReviewer implements AgentAuthenticator {
  readonly #options: TokenReviewerOptions;
  readonly #cache: AnswerCache<AgentIdentity>;

  constructor(options: TokenReviewerOptions) {
    this.#options = options;
    this.#cache = new AnswerCache(options);
  }

  /** @throws RefusedError */
  async authenticate(token: string): Promise<AgentIdentity> {
    const key = createHash('sha256').update(token).digest('base64');
    const identity = await this.#cache.get(key, async () => {
      const answer = await reviewToken(this.#options.api, token, agentAudience);
      if (!('value' in answer)) return answer;
      const result = this.#identityOf(answer.value);
      if (typeof result !== 'string') return { value: result, keepMs: answer.keepMs };
      return { refusal: 'forbidden', message: result, keepMs: 10_000 };
    });
    if (identity.expires.getTime() <= Date.now()) {
      const date = identity.expires.toISOString();
      throw new RefusedError(
        'unauthenticated',
        `expected a token that is valid, got one that expired at ${date}`,
      );
    }
    if (!this.#options.knowsPod(identity.podUid, identity.nodeName)) {
      throw new RefusedError(
        'unauthenticated',
        `expected a pod that runs on node ${identity.nodeName}, got ${identity.podName} (UID ${identity.podUid}), ` +
          'which is not known to be there: it is gone, or not known yet; try again',
      );
    }
    return identity;
  }

  /** Who it is, or why it is no agent. */
  #identityOf({ username, extra, expires }: ReviewedUser): AgentIdentity | string {
    const { namespace, name } = this.#options.serviceAccount;
    const expected = `system:serviceaccount:${namespace}:${name}`;
    if (username !== expected) return `expected the agents' service account ${expected}, got ${username}`;
    const identity = { podName: '', podUid: '', nodeName: '', nodeUid: '' };
    for (const field of Object.keys(extras) as (keyof typeof extras)[]) {
      const [value, ...others] = extra[extras[field]] ?? [];
      if (value === undefined || value === '' || others.length > 0) {
        const got = Object.keys(extra).join(', ') || 'none of them';
        return `expected a token bound to a pod on a node (${Object.values(extras).join(', ')}), got ${got}`;
      }
      identity[field] = value;
    }
    return { ...identity, expires };
  }
}
