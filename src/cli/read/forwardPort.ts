import { createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { PortForward, type KubeConfig } from '@kubernetes/client-node';

/** A port on this machine's loopback behind which a pod listens. */
export interface ForwardedPort extends AsyncDisposable {
  address: string;
  /** Why the last connection that failed did so; undefined: none has. */
  failure: () => string | undefined;
}

/** Forwards connections to a pod through the API server, as `kubectl port-forward` does. */
export async function forwardPort(
  kubeConfig: KubeConfig,
  pod: { namespace: string; name: string; port: number },
): Promise<ForwardedPort> {
  const forward = new PortForward(kubeConfig);
  const sockets = new Set<Socket>();
  let failure: string | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const errors = new PassThrough();
    errors.on('data', (data: Buffer) => {
      failure = data.toString().trim();
      socket.destroy();
    });
    forward.portForward(pod.namespace, pod.name, [pod.port], socket, errors, socket).then(
      (connection) => {
        // Without retries it is a WebSocket, whose types are not installed.
        const webSocket = connection as unknown as { onclose: () => void; close: () => void };
        webSocket.onclose = () => socket.destroy();
        socket.on('close', () => {
          webSocket.close();
        });
      },
      (error: unknown) => {
        const reason = error instanceof Error ? `: ${error.message}` : '';
        failure = `port-forward to pod ${pod.name} was refused${reason}`;
        socket.destroy();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return {
    address: `127.0.0.1:${address.port}`,
    failure: () => failure,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
