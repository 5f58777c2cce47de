import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { forwardPort } from './forwardPort.ts';

/** What is used of ws, which the API server's client comes with, without types. */
interface WebSocket {
  send(data: Buffer): void;
  close(): void;
  on(event: 'message', listener: (data: Buffer) => void): void;
  on(event: 'close', listener: () => void): void;
}
interface WebSocketServer {
  on(event: 'connection', listener: (socket: WebSocket, request: { url: string }) => void): void;
  close(): void;
}
const { WebSocketServer: makeServer } = createRequire(import.meta.url)('ws') as {
  WebSocketServer: new (options: object) => WebSocketServer;
};

const dataChannel = 0;
const errorChannel = 1;

/** The API server's end of a port-forward by WebSocket (v4.channel.k8s.io), to ports of this machine. */
let api: Server;
let webSockets: WebSocketServer;
let echo: ReturnType<typeof createTcpServer>;
let asked: string[];

beforeEach(async () => {
  asked = [];
  echo = createTcpServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  api = createServer().listen(0, '127.0.0.1');
  await once(api, 'listening');
  webSockets = new makeServer({ server: api, handleProtocols: () => 'v4.channel.k8s.io' });
  webSockets.on('connection', (socket, { url }) => {
    asked.push(url);
    const port = Number(new URL(url, 'http://any').searchParams.get('ports'));
    const announced = Buffer.alloc(2);
    announced.writeUInt16LE(port);
    for (const channel of [dataChannel, errorChannel]) {
      socket.send(Buffer.concat([Buffer.of(channel), announced]));
    }
    const pod = connect(port, '127.0.0.1');
    pod.on('data', (data) => {
      socket.send(Buffer.concat([Buffer.of(dataChannel), data]));
    });
    pod.on('error', ({ message }) => {
      socket.send(Buffer.concat([Buffer.of(errorChannel), Buffer.from(message)]));
    });
    pod.on('close', () => {
      socket.close();
    });
    socket.on('close', () => {
      pod.destroy();
    });
    socket.on('message', (data) => {
      if (data[0] === dataChannel) pod.write(data.subarray(1));
    });
  });
});
afterEach(() => {
  webSockets.close();
  api.closeAllConnections();
  api.close();
  echo.close();
});

const portOf = (server: { address: () => AddressInfo | string | null }): number =>
  (server.address() as AddressInfo).port;

function kubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${portOf(api)}`, skipTLSVerify: true },
    { name: 'test' },
  );
  return config;
}

async function open(address: string): Promise<Socket> {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

test('what goes into the port comes out of the pod, and back, on several connections', async () => {
  const pod = { namespace: 'traceprobe', name: 'traceprobe-aggregator-0', port: portOf(echo) };
  await using forwarded = await forwardPort(kubeConfig(), pod);
  const replies = await Promise.all(
    ['one', 'two'].map(async (text) => {
      const socket = await open(forwarded.address);
      socket.write(text);
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return data.toString();
    }),
  );
  expect(replies).toEqual(['one', 'two']);
  const path = '/api/v1/namespaces/traceprobe/pods/traceprobe-aggregator-0/portforward';
  expect(asked).toEqual(Array(2).fill(`${path}?ports=${portOf(echo)}`));
  expect(forwarded.failure()).toBeUndefined();
});

test('what the node says of a port that nobody listens on is kept, and the connection ends', async () => {
  const gone = createTcpServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const port = portOf(gone);
  gone.close();
  await once(gone, 'close');
  await using forwarded = await forwardPort(kubeConfig(), { namespace: 'n', name: 'p', port });
  const socket = await open(forwarded.address);
  await once(socket, 'close');
  expect(forwarded.failure()).toMatch(/ECONNREFUSED/);
});

test('an API server that does not upgrade is told of', async () => {
  const other = createServer((_request, response) => response.writeHead(403).end()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const config = new KubeConfig();
  const server = `http://127.0.0.1:${portOf(other)}`;
  config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'test' });
  await using forwarded = await forwardPort(config, { namespace: 'n', name: 'p', port: 1 });
  const socket = await open(forwarded.address);
  await once(socket, 'close');
  expect(forwarded.failure()).toMatch(/^port-forward to pod p was refused/);
  other.closeAllConnections();
  other.close();
});
