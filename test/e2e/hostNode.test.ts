import { expect, test } from '@jest/globals';
import { HostNode } from './hostNode.ts';
import { busybox } from './pods.ts';

test('a node directly on this machine runs pods, and leaves nothing when it ends', async () => {
  await using node = await HostNode.start();
  const run = ['run', 'pod', `--image=${busybox}`, '--restart=Never', '--image-pull-policy=Never'];
  await node.kubectl(...run, '--command', '--', 'sh', '-c', 'ls -d /bin');
  await node.kubectl('wait', 'pod/pod', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
  expect(await node.kubectl('logs', 'pod')).toBe('/bin\n');
});
