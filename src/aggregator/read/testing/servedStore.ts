import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import { createClient, type ServiceClient } from '../../../rpc/createClient.ts';
import { EventsService } from '../../../rpc/gen/traceprobe/v1/read_pb.ts';
import { listen, type Listening } from '../../../rpc/listen.ts';
import { serve } from '../../../rpc/serve.ts';
import { LiveFeed } from '../../live.ts';
import { Store } from '../../store/store.ts';
import type { AuditEntry } from '../audit.ts';
import { eventsService, type ReadLimits } from '../eventsService.ts';
import { FakeAuthority } from './fakeAuthority.ts';

/** For tests: a store in a directory of its own, served to readers on the loopback, without TLS. */
export class ServedStore implements AsyncDisposable {
  readonly store: Store;
  readonly feed: LiveFeed;
  readonly authority: FakeAuthority;
  readonly audit: AuditEntry[];
  readonly faults: unknown[];
  readonly address: string;
  readonly client: ServiceClient<typeof EventsService>;
  readonly #directory: string;
  readonly #listening: Listening;

  private constructor(
    parts: Pick<ServedStore, 'store' | 'feed' | 'authority' | 'audit' | 'faults'>,
    directory: string,
    listening: Listening,
  ) {
    this.store = parts.store;
    this.feed = parts.feed;
    this.authority = parts.authority;
    this.audit = parts.audit;
    this.faults = parts.faults;
    this.#directory = directory;
    this.#listening = listening;
    this.address = `127.0.0.1:${listening.port}`;
    this.client = createClient(EventsService, this.address, credentials.createInsecure());
  }

  static async start(limits: Partial<ReadLimits> = {}): Promise<ServedStore> {
    const directory = mkdtempSync(join(tmpdir(), 'traceprobe-read-'));
    const path = join(directory, 'store.duckdb');
    const store = await Store.open({ path, threads: 1, memoryLimit: 2 ** 28, commitMs: 5, diskReserve: 0 });
    const parts = { store, feed: new LiveFeed(), authority: new FakeAuthority(), audit: [], faults: [] };
    const served: ServedStore['faults'] = parts.faults;
    const log: AuditEntry[] = parts.audit;
    const { feed, authority } = parts;
    const service = eventsService({
      ...{ store, feed, authority, limits },
      audit: (entry) => log.push(entry),
      onFault: (_call, error) => served.push(error),
    });
    const listening = await listen(
      { address: '127.0.0.1:0', credentials: ServerCredentials.createInsecure() },
      (server) => {
        serve(server, EventsService, service);
      },
    );
    return new ServedStore(parts, directory, listening);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#listening.close(100);
    await this.store.close();
    rmSync(this.#directory, { recursive: true });
  }
}
