// An API server's pods, without the API server: creating 150,000 there takes longer than everything else. Arguments:
// number of nodes and of pods. Says where it listens.
import { FakeApiServer } from '../../../src/kubernetes/testing/fakeApiServer.ts';
import { agentAccount, agentPodUid, nodeName } from './nodeNames.ts';

const [nodes = 0, pods = 0] = process.argv.slice(2).map(Number);
const server = await FakeApiServer.start();
const hex = (number: number): string => number.toString(16).padStart(64, '0');

function putPod(name: string, namespace: string, node: string, number: number, uid: string): void {
  const containers = [{ name: 'main' }];
  const containerStatuses = [{ name: 'main', containerID: `containerd://${hex(number)}` }];
  const labels = { app: `app-${number % 300}`, 'pod-template-hash': hex(number).slice(-10) };
  server.put(name, {
    kind: 'Pod',
    metadata: { name, namespace, uid, labels, resourceVersion: String(number + 1) },
    spec: { nodeName: node, containers },
    status: { phase: 'Running', containerStatuses },
  });
}

for (let index = 0; index < nodes; index++) {
  const node = nodeName(index);
  putPod(`agent-${node}`, agentAccount.namespace, node, index, agentPodUid(node));
}
for (let number = nodes; number < pods; number++) {
  putPod(`pod-${number}`, `team-${number % 100}`, nodeName(number % nodes), number, `pod-uid-${number}`);
}
// What was before is not what is watched.
server.compact();
console.log(`listening on ${server.port}`);
