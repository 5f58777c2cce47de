import { connect, type Settings } from 'node:http2';
import { networkInterfaces } from 'node:os';
import { ChannelCredentials, Client, ServerCredentials } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { listen } from './listen.ts';

const credentials = ServerCredentials.createInsecure();

test('a connection may have more under way than the 64 KiB of HTTP/2', async () => {
  const windowBytes = 3 << 20;
  const listening = await listen({ address: '127.0.0.1:0', credentials, windowBytes }, () => undefined);
  const client = connect(`http://127.0.0.1:${listening.port}`);
  try {
    const widened = new Promise<Settings>((resolve) => {
      client.on('remoteSettings', (settings: Settings) => {
        if (settings.initialWindowSize !== 65_535) resolve(settings);
      });
    });
    const call = client.request({ ':method': 'POST', ':path': '/none', 'content-type': 'application/grpc' });
    call.end().resume();
    expect((await widened).initialWindowSize).toBe(windowBytes);
    await new Promise((resolve) => client.ping(resolve)); // what was sent before has arrived
    expect(client.state.remoteWindowSize).toBe(windowBytes);
  } finally {
    client.destroy();
    await listening.close();
  }
});

test('an address that is taken is refused with the address', async () => {
  const first = await listen({ address: '127.0.0.1:0', credentials }, () => undefined);
  try {
    const address = `127.0.0.1:${first.port}`;
    await expect(listen({ address, credentials }, () => undefined)).rejects.toThrow(`listen on ${address}: `);
  } finally {
    await first.close();
  }
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses = []) =>
  addresses.some(({ address }) => address === '::1'),
);

(hasIpv6 ? test : test.skip)('without a host it is reached by both families', async () => {
  const listening = await listen({ address: ':0', credentials }, () => undefined);
  try {
    for (const host of ['127.0.0.1', '[::1]']) {
      const client = new Client(`${host}:${listening.port}`, ChannelCredentials.createInsecure());
      await new Promise((resolve) => {
        client.waitForReady(Infinity, resolve);
      });
      client.close();
    }
  } finally {
    await listening.close();
  }
});
