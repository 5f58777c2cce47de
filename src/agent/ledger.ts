import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { EpochAccountSchema, type EpochAccount } from '../rpc/gen/traceprobe/v1/ingest_pb.ts';
import { accountOf, sumAccounts, type Account } from './account.ts';
import type { DeadEpoch } from './epochs.ts';

interface Entry {
  /** Of runs that have ended: a probe can be stopped and started again in one life of the agent. */
  past: Account[];
  /** As told last. */
  told: string;
  final: boolean;
}

/**
 * Probes that ended and are remembered: one that comes back, as when its node is selected again, goes on with its
 * account. Those that ended longest ago are forgotten first.
 */
const mostEnded = 256;

/** What became of every hit of every probe in this life of the agent, as the aggregator is told it. */
export class Ledger {
  readonly #epoch: Uint8Array;
  readonly #live: () => Iterable<readonly [string, Account]>;
  readonly #entries = new Map<string, Entry>();

  /** @param live accounts of the probes that run, by UID */
  constructor(epoch: Uint8Array, live: () => Iterable<readonly [string, Account]>) {
    this.#epoch = epoch;
    this.#live = live;
  }

  /** A probe has stopped; `account` is that of its run. */
  stopped(uid: string, account: Account): void {
    const entry = this.#entry(uid);
    entry.past = [sumAccounts([...entry.past, account])];
  }

  /** The last word about a probe that has stopped. */
  final(uid: string): EpochAccount {
    const entry = this.#entry(uid);
    entry.final = true;
    // Behind those that ended before.
    this.#entries.delete(uid);
    this.#entries.set(uid, entry);
    this.#forgetOldest();
    return this.#message(uid, sumAccounts(entry.past), true);
  }

  /** UIDs of probes that ran and whose last word has not been said. */
  get unfinished(): string[] {
    return [...this.#entries].filter(([, { final }]) => !final).map(([uid]) => uid);
  }

  /** Accounts that changed since they were told last; `all`: every one. */
  changed(all: boolean): EpochAccount[] {
    return [...this.accounts()].flatMap(([uid, account]) => {
      const entry = this.#entry(uid);
      if (entry.final) return [];
      const told = JSON.stringify(account, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      if (told === entry.told && !all) return [];
      entry.told = told;
      return [this.#message(uid, account, false)];
    });
  }

  /** Of every probe that has run in this life of the agent, by UID. */
  accounts(): Map<string, Account> {
    const sums = new Map<string, Account>();
    for (const [uid, { past }] of this.#entries) if (past.length > 0) sums.set(uid, sumAccounts(past));
    for (const [uid, account] of this.#live()) {
      const entry = this.#entry(uid);
      entry.final = false;
      sums.set(uid, sumAccounts([...entry.past, account]));
    }
    return sums;
  }

  #forgetOldest(): void {
    const ended = [...this.#entries].filter(([, { final }]) => final);
    for (const [uid] of ended.slice(0, -mostEnded)) this.#entries.delete(uid);
  }

  #entry(uid: string): Entry {
    let entry = this.#entries.get(uid);
    if (entry === undefined) {
      entry = { past: [], told: '', final: false };
      this.#entries.set(uid, entry);
    }
    return entry;
  }

  #message(uid: string, account: Account, final: boolean): EpochAccount {
    return create(EpochAccountSchema, { ...fields(account), epoch: this.#epoch, probeUid: uid, final });
  }
}

function fields(account: Account): MessageInitShape<typeof EpochAccountSchema> {
  const { attempted, filteredInKernel, captured, open, filteredNatively, delivered, missed, unattributed } =
    account;
  return {
    ...{ attempted, filteredInKernel, captured, open, filteredNatively, delivered, unattributed },
    lost: { ...account.lost },
    ...(missed === undefined ? {} : { missed }),
  };
}

/** The kernel's last counters of an agent that was killed, by probe. */
export function killedAccounts({ epoch, since, slots, released }: DeadEpoch): EpochAccount[] {
  const points = [...released, ...slots];
  const uids = [...new Set(points.map(({ probeUid }) => probeUid))];
  return uids.map((probeUid) => {
    const counters = points.filter((point) => point.probeUid === probeUid).map((point) => point.counters);
    const known = counters.filter((counter) => counter !== undefined);
    const nothing = { delivered: 0n, filtered: 0n, backlog: 0n, malformed: 0n };
    const account = sumAccounts(known.map((counter) => accountOf(counter, nothing, undefined)));
    return create(EpochAccountSchema, {
      ...(known.length === counters.length
        ? fields(account)
        : { unknownSince: BigInt(since.getTime()) * 1_000_000n }),
      ...{ epoch, probeUid, final: true, killed: true },
    });
  });
}
