import { expect, test } from '@jest/globals';
import { ManualClock } from './testing/manualClock.ts';
import { TokenReviewer } from './tokenReviewer.ts';

const user = {
  username: 'system:serviceaccount:tracing:agent',
  extra: {
    'authentication.kubernetes.io/pod-name': ['agent-1'],
    'authentication.kubernetes.io/pod-uid': ['pod-uid'],
    'authentication.kubernetes.io/node-name': ['node-a'],
    'authentication.kubernetes.io/node-uid': ['node-uid'],
  },
};
const audiences = ['traceprobe-agent'];

function token(claims: object): string {
  const part = (object: object): string => Buffer.from(JSON.stringify(object)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ sub: user.username, aud: audiences, ...claims })}.c2lnbmF0dXJl`;
}

function reviewer(status: object) {
  const clock = new ManualClock();
  const count = { reviews: 0 };
  const create = <T>(): Promise<T> => {
    count.reviews += 1;
    return Promise.resolve({ status } as T);
  };
  const serviceAccount = { namespace: 'tracing', name: 'agent' };
  return {
    clock,
    count,
    made: new TokenReviewer({ api: { create }, clock, serviceAccount, knowsPod: () => true }),
  };
}

const inAnHour = Math.floor(Date.now() / 1000) + 3600;

test('a review holds for five minutes, however long the token lives', async () => {
  const { clock, count, made } = reviewer({ authenticated: true, audiences, user });
  const good = token({ exp: inAnHour });
  const identity = { nodeName: 'node-a', nodeUid: 'node-uid', podName: 'agent-1', podUid: 'pod-uid' };
  expect(await made.authenticate(good)).toEqual({ ...identity, expires: new Date(inAnHour * 1000) });
  clock.advance(299_999);
  await made.authenticate(good);
  expect(count.reviews).toBe(1);
  clock.advance(1);
  await made.authenticate(good);
  expect(count.reviews).toBe(2);
});

test('a review holds no longer than the token', async () => {
  const { clock, count, made } = reviewer({ authenticated: true, audiences, user });
  const short = token({ exp: Math.floor(Date.now() / 1000) + 60 });
  await made.authenticate(short);
  clock.advance(60_000);
  await made.authenticate(short);
  expect(count.reviews).toBe(2);
});

test('a refusal holds for ten seconds', async () => {
  const { clock, count, made } = reviewer({ authenticated: false, error: 'token has been invalidated' });
  const bad = token({ exp: inAnHour });
  for (const advance of [0, 9999, 1]) {
    clock.advance(advance);
    await expect(made.authenticate(bad)).rejects.toMatchObject({
      refusal: 'unauthenticated',
      message: expect.stringContaining('it refuses: token has been invalidated'),
    });
  }
  expect(count.reviews).toBe(2);
});

test('an API server that does not confirm the audience is not believed', async () => {
  const { made } = reviewer({ authenticated: true, user });
  await expect(made.authenticate(token({ exp: inAnHour }))).rejects.toMatchObject({
    refusal: 'unauthenticated',
    message: expect.stringContaining(
      'expected the API server to confirm audience "traceprobe-agent", got none',
    ),
  });
});

test.each(Object.keys(user.extra))('a token without %s is no agent', async (missing) => {
  const extra = Object.fromEntries(Object.entries(user.extra).filter(([name]) => name !== missing));
  const { made } = reviewer({ authenticated: true, audiences, user: { ...user, extra } });
  await expect(made.authenticate(token({ exp: inAnHour }))).rejects.toMatchObject({ refusal: 'forbidden' });
});
