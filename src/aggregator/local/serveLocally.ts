import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { StoreService } from '../../rpc/gen/traceprobe/v1/store_pb.ts';
import type { ReaderAuthority, ReaderIdentity } from '../../rpc/identity.ts';
import { listen } from '../../rpc/listen.ts';
import { serve } from '../../rpc/serve.ts';
import type { LiveFeed } from '../live.ts';
import type { Audit } from '../read/audit.ts';
import { eventsService } from '../read/eventsService.ts';
import type { Store } from '../store/store.ts';
import { storeService } from './storeService.ts';

export interface LocalServerOptions {
  store: Store;
  feed: LiveFeed;
  /** Of the socket; its directory is there. */
  socket: string;
  audit: Audit;
  /** Faults of our own. */
  onFault: (call: string, error: unknown) => void;
}

/** sun_path of unix(7), less the zero at its end, and less what mkdtemp and a name in there add. */
const longestSocket = 107 - '.XXXXXX/s'.length;

/** The kernel lets nobody but the socket's owner (and root) connect, who may read the file just as well. */
const owner: ReaderAuthority = {
  authenticate: () => Promise.reject(new Error('nobody is asked for a token on a socket')),
  mayRead: () => Promise.resolve(true),
};

/**
 * Answers the owner of a store's directory on a socket there. Who calls must have opened the store: a socket that a
 * killed process left is replaced.
 *
 * @throws Error when the socket cannot be made
 */
export async function serveLocally(options: LocalServerOptions): Promise<AsyncDisposable> {
  const { store, feed, socket, audit, onFault } = options;
  if (Buffer.byteLength(socket) > longestSocket) {
    throw new Error(`${socket} is too long for a socket's path: at most ${longestSocket} bytes`);
  }
  const { username, uid } = userInfo();
  const caller: ReaderIdentity = { username, uid: String(uid), groups: [], expires: new Date(8.64e15) };
  const service = eventsService({ store, feed, audit, onFault, authority: owner, caller });
  // From bind to chmod the socket has the mode of the umask: nobody else can reach it in there.
  const hidden = await mkdtemp(`${socket}.`);
  try {
    const made = join(hidden, 's');
    const listening = await listen(
      { address: `unix:${made}`, credentials: ServerCredentials.createInsecure() },
      (server) => {
        serve(server, EventsService, service);
        serve(server, StoreService, storeService(store));
      },
    );
    await chmod(made, 0o600);
    await rename(made, socket);
    return {
      [Symbol.asyncDispose]: async () => {
        await rm(socket, { force: true });
        await listening.close();
      },
    };
  } finally {
    await rm(hidden, { recursive: true, force: true });
  }
}
