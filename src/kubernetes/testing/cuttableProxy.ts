import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

/** A network between a client and a server on the loopback that can be cut, stalled and closed; for tests. */
export class CuttableProxy implements AsyncDisposable {
  readonly #server = createServer((socket) => {
    this.#accept(socket);
  });
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  #isOpen = true;

  static async start(targetPort: number): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(target: number) {
    this.#target = target;
  }

  /** The same user and certificates, through this proxy. */
  kubeConfigLike(kubeConfig: KubeConfig): KubeConfig {
    const through = new KubeConfig();
    const { port } = this.#server.address() as AddressInfo;
    const { clusters, users, contexts, currentContext } = kubeConfig;
    through.loadFromOptions({
      clusters: clusters.map((cluster) => ({ ...cluster, server: `https://127.0.0.1:${port}` })),
      ...{ users, contexts, currentContext },
    });
    return through;
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets every connection, and new ones at once. */
  close(): void {
    this.#isOpen = false;
    this.cut();
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Carries nothing any more over the connections there are, without a word; new ones are served. */
  stall(): void {
    for (const socket of this.#sockets) {
      socket.pause();
      socket.removeAllListeners('data');
      socket.unpipe();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.close();
    await closed;
  }

  #accept(client: Socket): void {
    if (!this.#isOpen) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
