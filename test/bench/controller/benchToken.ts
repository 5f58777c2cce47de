import { agentAudience } from '../../../src/kubernetes/tokenReviewer.ts';
import { agentAccount, agentPodUid } from './nodeNames.ts';

const subject = `system:serviceaccount:${agentAccount.namespace}:${agentAccount.name}`;

/** A token such as an agent has, but for its signature: nobody of this benchmark looks at that. */
export function benchToken(node: string): string {
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const claims = { sub: subject, aud: [agentAudience], exp: expires, node };
  return [{ alg: 'none' }, claims, 'none']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}

/** What an API server would answer to a TokenReview of it. */
export function reviewOf(token: string, uidOfNode: (node: string) => string | undefined): object {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    node: string;
  };
  const { node } = claims;
  const nodeUid = uidOfNode(node);
  if (nodeUid === undefined) return { status: { authenticated: false, error: `there is no node ${node}` } };
  const extra = {
    'authentication.kubernetes.io/pod-name': [`agent-${node}`],
    'authentication.kubernetes.io/pod-uid': [agentPodUid(node)],
    'authentication.kubernetes.io/node-name': [node],
    'authentication.kubernetes.io/node-uid': [nodeUid],
  };
  return { status: { authenticated: true, audiences: [agentAudience], user: { username: subject, extra } } };
}
