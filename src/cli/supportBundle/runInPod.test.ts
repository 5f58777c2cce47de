import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runInPod } from './runInPod.ts';

/** What is used of ws, which the API server's client comes with, without types. */
interface WebSocket {
  send(data: Buffer): void;
  close(): void;
}
interface WebSocketServer {
  on(event: 'connection', listener: (socket: WebSocket, request: { url: string }) => void): void;
  close(): void;
}
const { WebSocketServer: makeServer } = createRequire(import.meta.url)('ws') as {
  WebSocketServer: new (options: object) => WebSocketServer;
};

const channels = { output: 1, error: 2, status: 3 };

let api: Server;
let webSockets: WebSocketServer;
let kubeConfig: KubeConfig;
let asked: URL;
/** What the API server says of a command (v5.channel.k8s.io), before it closes. */
let said: [keyof typeof channels, string][];

beforeEach(async () => {
  api = createServer().listen(0, '127.0.0.1');
  await once(api, 'listening');
  webSockets = new makeServer({ server: api, handleProtocols: ([first]: Set<string>) => first });
  webSockets.on('connection', (socket, { url }) => {
    asked = new URL(url, 'http://any');
    for (const [channel, text] of said)
      socket.send(Buffer.concat([Buffer.of(channels[channel]), Buffer.from(text)]));
    socket.close();
  });
  kubeConfig = new KubeConfig();
  const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  kubeConfig.loadFromClusterAndUser({ name: 'fake', server, skipTLSVerify: true }, { name: 'tester' });
});
afterEach(() => {
  webSockets.close();
  api.closeAllConnections();
  api.close();
});

const pod = { namespace: 'traceprobe', name: 'agent-1', container: 'agent' };

test('what a command says is had, also of one that fails', async () => {
  said = [
    ['output', 'Machine\n'],
    ['error', 'warning: old\n'],
    ['status', JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode' })],
  ];
  expect(await runInPod(kubeConfig, pod, ['traceprobe', 'doctor'])).toBe('Machine\nwarning: old\n');
  expect(asked.pathname).toBe('/api/v1/namespaces/traceprobe/pods/agent-1/exec');
  expect(asked.searchParams.getAll('command')).toEqual(['traceprobe', 'doctor']);
});

test('a connection that is closed without a word ends it', async () => {
  said = [['output', 'half']];
  expect(await runInPod(kubeConfig, pod, ['traceprobe', 'doctor'])).toBe('half');
});
