import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';

/** A network between a client and a server on the loopback that can be cut, delayed, stalled and closed; for tests. */
export class CuttableProxy implements AsyncDisposable {
  readonly #server = createServer((socket) => {
    this.#accept(socket);
  });
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  #isOpen = true;
  #delay = 0;

  static async start(targetPort: number): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(target: number) {
    this.#target = target;
  }

  /** host:port of this end. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The same user and certificates, through this proxy. */
  kubeConfigLike(kubeConfig: KubeConfig): KubeConfig {
    const through = new KubeConfig();
    const { clusters, users, contexts, currentContext } = kubeConfig;
    through.loadFromOptions({
      clusters: clusters.map((cluster) => ({ ...cluster, server: `https://${this.address}` })),
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

  /** From now on every piece that is carried, either way, takes so long, one after another; 0: no time. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
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
      socket.pipe(this.#delaying()).pipe(other);
    }
  }

  #delaying(): Transform {
    return new Transform({
      transform: (chunk, _, done) => {
        if (this.#delay === 0) done(null, chunk);
        else setTimeout(done, this.#delay, null, chunk);
      },
    });
  }
}
