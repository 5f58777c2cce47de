import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { AgentService } from '../../rpc/gen/traceprobe/v1/agent_pb.ts';
import { createClient } from '../../rpc/createClient.ts';
import { PersistentStream, type StreamEnd } from './persistentStream.ts';
import { streamOptions } from './streamOptions.ts';

test('an address where nobody answers is given up', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const ended = Promise.withResolvers<StreamEnd>();
  const stream = new PersistentStream(address, {
    peer: 'controller',
    open: (at, metadata) => {
      const client = createClient(AgentService, at, credentials.createInsecure(), streamOptions);
      return { stream: client.connect(metadata), client };
    },
    token: () => 'token',
    tokenRequest: () => {
      throw new Error('it is asked for no token');
    },
    connectMilliseconds: 50,
    onOpen: () => undefined,
    onMessage: () => true,
    onClosed: ended.resolve,
    log: () => undefined,
  });
  expect((await ended.promise).reason).toBe(`${address} has not answered within 50 ms`);
  await stream.close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});
