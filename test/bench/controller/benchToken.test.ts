import { expect, test } from '@jest/globals';
import { TokenReviewer } from '../../../src/kubernetes/tokenReviewer.ts';
import { benchToken, reviewOf } from './benchToken.ts';
import { agentAccount } from './nodeNames.ts';

test("the real reviewer takes the benchmark's tokens for those of the nodes' agents", async () => {
  const reviewer = new TokenReviewer({
    api: {
      create: <T>(_path: string, review: unknown) => {
        const { spec } = review as { spec: { token: string } };
        return Promise.resolve(reviewOf(spec.token, (node) => `uid-of-${node}`) as T);
      },
    },
    serviceAccount: agentAccount,
    knowsPod: (uid, node) => uid === `agent-of-${node}`,
  });
  expect(await reviewer.authenticate(benchToken('node-7'))).toMatchObject({
    ...{ nodeName: 'node-7', nodeUid: 'uid-of-node-7', podUid: 'agent-of-node-7' },
  });
});
