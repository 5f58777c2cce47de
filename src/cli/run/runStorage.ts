import { create } from '@bufbuild/protobuf';
import type { Account } from '../../agent/account.ts';
import { Framer } from '../../agent/framer.ts';
import type { Host, ProbeBatch } from '../../agent/host.ts';
import { Ledger } from '../../agent/ledger.ts';
import { NodeFrames } from '../../aggregator/ingest/nodeFrames.ts';
import type { TraceProbe } from '../../api/index.ts';
import { FrameSchema, type EpochAccount, type Frame } from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { OpenStore } from '../store/openStore.ts';

export interface RunStorageOptions extends Pick<OpenStore, 'store' | 'feed'> {
  host: Pick<Host, 'epoch' | 'probes' | 'account'>;
  /** What events call this machine. */
  node: string;
  /** Told, once, that nothing can be stored any more. */
  onLost: (error: Error) => void;
}

/** Batches that wait for their commit, in bytes: then the next ones wait with the draining thread. */
const maxWaitingBytes = 16 << 20;
/** How often the account of what runs is stored. */
const accountMilliseconds = 1000;

/** Takes what a run captures to a store, as an aggregator takes it from an agent: frames and accounts of an epoch. */
export class RunStorage {
  readonly #options: RunStorageOptions;
  readonly #frames: NodeFrames;
  readonly #framer: Framer;
  readonly #ledger: Ledger;
  readonly #timer: NodeJS.Timeout;
  readonly #stored = new Map<string, bigint>();
  readonly #waiting = new Set<Promise<void>>();
  readonly #givenUp = Promise.withResolvers<undefined>();
  #waitingBytes = 0;
  #lost = false;

  constructor(options: RunStorageOptions) {
    const { host, store, feed } = options;
    this.#options = options;
    this.#frames = new NodeFrames(store, feed, 1);
    this.#framer = new Framer(host.epoch);
    this.#ledger = new Ledger(host.epoch, () =>
      host.probes.map(({ uid }) => [uid, host.account(uid)] as const),
    );
    this.#timer = setInterval(() => {
      const accounts = this.#ledger.changed(false);
      if (accounts.length > 0) this.#tell(accounts);
    }, accountMilliseconds).unref();
  }

  /** How long the events of a probe are to be kept, before its first ones. */
  describe(uid: string, probe: TraceProbe): void {
    this.#framer.describe(uid, probe);
  }

  /** Settled when more can be taken. */
  async take(batches: readonly ProbeBatch[]): Promise<void> {
    let from = 0;
    for (const frame of this.#framer.frames(batches)) {
      const own = batches.slice(from, (from += frame.batches.length));
      const bytes = own.reduce((sum, batch) => sum + batch.bytes.length, 0);
      this.#waitingBytes += bytes;
      this.#add(frame, bytes, own);
    }
    while (this.#waitingBytes > maxWaitingBytes && !this.#lost) {
      await Promise.race([...this.#waiting, this.#givenUp.promise]);
    }
  }

  /**
   * A probe has stopped, and everything of it has been taken.
   *
   * @returns how many of its events are committed
   */
  async stopped(uid: string, account: Account): Promise<bigint> {
    this.#ledger.stopped(uid, account);
    this.#tell([this.#ledger.final(uid)]);
    await Promise.race([Promise.all(this.#waiting), this.#givenUp.promise]);
    return this.#stored.get(uid) ?? 0n;
  }

  /** The run ends: while commits fail, they are not waited for any longer. */
  end(): void {
    const { store } = this.#options;
    clearInterval(this.#timer);
    const look = (): void => {
      if (store.failing !== undefined) this.#giveUp();
    };
    store.on('failing', look);
    look();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#frames.close().catch(() => undefined);
  }

  #tell(accounts: EpochAccount[]): void {
    this.#add(create(FrameSchema, { epoch: this.#options.host.epoch, accounts }), 0, []);
  }

  #add(frame: Frame, bytes: number, batches: readonly ProbeBatch[]): void {
    const { node } = this.#options;
    const added = this.#frames.add(frame, { nodeUid: node, nodeName: node }).then(
      (stored) => {
        for (const [index, { probe }] of batches.entries()) {
          const count = BigInt(stored[index]?.stored ?? 0);
          this.#stored.set(probe.uid, (this.#stored.get(probe.uid) ?? 0n) + count);
        }
      },
      (error: unknown) => {
        this.#lose(error instanceof Error ? error : new Error(String(error)));
      },
    );
    const settled = added.finally(() => {
      this.#waiting.delete(settled);
      this.#waitingBytes -= bytes;
    });
    this.#waiting.add(settled);
  }

  #lose(error: Error): void {
    if (this.#lost) return;
    this.#options.onLost(error);
    this.#giveUp();
  }

  #giveUp(): void {
    this.#lost = true;
    this.#givenUp.resolve(undefined);
  }
}
