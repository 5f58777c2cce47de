import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clone, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { decodeHead } from '../../codec/decodeBatch.ts';
import {
  EpochAccountSchema,
  FrameSchema,
  type EpochAccount,
  type Frame,
} from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { AgentLog } from '../agentLog.ts';
import { DeliveryMarks } from './deliveryMarks.ts';
import { writeAtomically } from './writeAtomically.ts';
import { Spool } from './spool.ts';

export interface OutboxOptions {
  /** Where frames wait that memory has no room for. */
  directory: string;
  /** Default 16 MiB; frames that are under way count too. */
  maxMemoryBytes?: number;
  /** Default 1 GiB. */
  maxSpoolBytes?: number;
  /** Of one file of the spool. Default 8 MiB: what is dropped at a time. */
  segmentBytes?: number;
  log: AgentLog;
}

export interface Outgoing {
  number: number;
  frame: Frame;
}

/** Dropped for want of room, or nothing that the aggregator takes. */
const reasons = ['spool', 'refused'] as const;
type LostReason = (typeof reasons)[number];

interface Entry extends Outgoing {
  bytes: number;
  onDisk: boolean;
}

/**
 * Frames from the moment they are made until the aggregator has them: in memory, then on disk, then the oldest that
 * were never sent are dropped and counted. Everything leaves in the order in which it came. Every row that was added
 * is acked, waiting here, or counted as lost to the spool.
 *
 * Memory holds what is newer than everything on disk. Frames that were ever sent, in an earlier process too, are never
 * dropped: the aggregator may have them.
 */
export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #spool: Spool;
  readonly #waiting: Entry[] = [];
  readonly #sent: Entry[] = [];
  readonly #lost: Map<string, bigint>;
  readonly #onAcked = new Map<number, () => void>();
  /** Number of the record that was read from disk last. */
  #cursor: number;
  readonly #marks: DeliveryMarks;
  #next: number;
  #memoryBytes = 0;
  #diskFailed = false;
  #marksFailed = false;

  /** Told that there is something to send; set by whoever sends. */
  onFrame: () => void = () => undefined;

  /** @throws Error when the directory cannot be used */
  constructor(options: OutboxOptions) {
    this.#options = {
      maxMemoryBytes: 16 << 20,
      maxSpoolBytes: 1 << 30,
      segmentBytes: 8 << 20,
      ...options,
    };
    this.#spool = new Spool(options.directory, this.#options.segmentBytes);
    this.#lost = readLost(this.#lostFile);
    this.#marks = new DeliveryMarks(join(options.directory, 'marks'));
    this.#spool.remove(this.#marks.done);
    this.#cursor = this.#marks.done;
    this.#next = Math.max(this.#spool.last, this.#marks.sent) + 1;
  }

  get spoolBytes(): number {
    return this.#spool.bytes;
  }

  /** Of frames in memory, those that are under way included. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Of frames that were sent and not acked. */
  get unackedBytes(): number {
    return this.#sent.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0 && this.#spool.empty;
  }

  /** Rows of all epochs and probes that were dropped. */
  get lostRows(): bigint {
    return [...this.#lost.values()].reduce((sum, rows) => sum + rows, 0n);
  }

  /** @param onAcked called when the aggregator has it, if that is in this process's life */
  add(frame: Frame, onAcked?: () => void): void {
    this.#append(frame, onAcked);
    if (this.#memoryBytes > this.#options.maxMemoryBytes) this.#relieve();
    this.onFrame();
  }

  /** The next frame to send; undefined: nothing waits. */
  take(): Outgoing | undefined {
    const entry = this.#fromDisk() ?? this.#waiting.shift();
    if (entry === undefined) return undefined;
    this.#sent.push(entry);
    if (entry.number > this.#marks.sent) this.#mark(entry.number, this.#marks.done);
    return entry;
  }

  /** The aggregator has everything up to this frame. */
  acked(number: number): void {
    while (this.#sent[0] !== undefined && this.#sent[0].number <= number) {
      const entry = this.#sent.shift() as Entry;
      this.#memoryBytes -= entry.bytes;
      for (const account of entry.frame.accounts) this.#settled(account);
      this.#onAcked.get(entry.number)?.();
      this.#onAcked.delete(entry.number);
    }
    this.#done(number);
  }

  /** What was sent and not acked is to be sent again. */
  rewind(): void {
    for (const entry of this.#sent.splice(0).reverse()) {
      if (entry.onDisk) {
        this.#cursor = Math.min(this.#cursor, entry.number - 1);
        this.#memoryBytes -= entry.bytes;
      } else {
        this.#waiting.unshift(entry);
      }
    }
  }

  /** The aggregator will never take the first frame that it has not acked: its rows are lost. */
  refused(reason: string): void {
    const entry = this.#sent.shift();
    if (entry === undefined) return;
    this.#memoryBytes -= entry.bytes;
    const rows = this.#drop([entry], 'refused');
    this.#done(entry.number);
    this.#options.log('error', 'the aggregator refused a frame', { rows: String(rows), reason });
  }

  /** Rows of a probe that were given up here, by reason; only those that are not zero. */
  lostOf(source: { epoch: Uint8Array; probeUid: string }): Partial<Record<LostReason, bigint>> {
    return Object.fromEntries(
      reasons.flatMap((reason) => {
        const lost = this.#lost.get(lostKey(source, reason));
        return lost === undefined ? [] : [[reason, lost]];
      }),
    );
  }

  /** An account as it is to be told now: rows that were given up here are lost, not delivered. */
  stamp(account: EpochAccount): EpochAccount {
    const stamped = clone(EpochAccountSchema, account);
    for (const [reason, lost] of Object.entries(this.lostOf(account))) {
      stamped.lost[reason] = lost;
      if (!stamped.killed) stamped.delivered -= lost;
    }
    return stamped;
  }

  /**
   * Puts everything that waits on disk, for the next process, and ends.
   * @returns false: the disk did not take it all. What was never sent is counted as lost, as far as the disk takes
   *   that; of what was sent nobody here knows whether the aggregator has it
   */
  persist(): boolean {
    this.#spill();
    const left = this.#waiting.splice(0);
    const unsent = left.filter(({ number }) => number > this.#marks.sent);
    if (unsent.length > 0) {
      const rows = this.#drop(unsent, 'spool');
      this.#options.log('error', 'events that waited could not be kept on disk, and are lost', {
        directory: this.#options.directory,
        rows: String(rows),
      });
    }
    this.#spool.close();
    this.#marks[Symbol.dispose]();
    return left.length === 0 && this.#sent.every(({ onDisk }) => onDisk);
  }

  get #lostFile(): string {
    return join(this.#options.directory, 'lost.json');
  }

  #append(frame: Frame, onAcked: (() => void) | undefined): void {
    const number = this.#next++;
    if (onAcked !== undefined) this.#onAcked.set(number, onAcked);
    const bytes = sizeOf(frame);
    this.#waiting.push({ number, frame, bytes, onDisk: false });
    this.#memoryBytes += bytes;
  }

  #fromDisk(): Entry | undefined {
    for (;;) {
      const record = this.#spool.after(this.#cursor);
      if (record === undefined) return undefined;
      this.#cursor = record.number;
      // Still in memory: it was spilled after it had been sent.
      if (this.#sent.some(({ number }) => number === record.number)) continue;
      const frame = fromBinary(FrameSchema, record.payload);
      const bytes = record.payload.length;
      this.#memoryBytes += bytes;
      return { number: record.number, frame, bytes, onDisk: true };
    }
  }

  /** Memory has too much: to disk, and what the disk does not take is dropped, the oldest first. */
  #relieve(): void {
    this.#spill();
    while (this.#memoryBytes > 2 * this.#options.maxMemoryBytes) {
      // Not what was ever sent: the aggregator may have it, and the ack was lost.
      const at = this.#waiting.findIndex(({ number }) => number > this.#marks.sent);
      const [dropped] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (dropped === undefined) break;
      this.#memoryBytes -= dropped.bytes;
      this.#tellDropped(this.#drop([dropped], 'spool'));
    }
    while (this.#spool.bytes > this.#options.maxSpoolBytes) {
      const records = this.#spool.dropAfter(this.#marks.sent);
      if (records === undefined) break;
      const frames = records.map(({ number, payload }) => ({
        number,
        frame: fromBinary(FrameSchema, payload),
      }));
      this.#tellDropped(this.#drop(frames, 'spool'));
    }
  }

  /** Everything that is only in memory goes to disk, so that what is in memory later is newer than what is there. */
  #spill(): void {
    const { log } = this.#options;
    try {
      for (const entry of this.#sent) this.#write(entry);
      while (this.#waiting[0] !== undefined) {
        this.#write(this.#waiting[0]);
        this.#memoryBytes -= this.#waiting[0].bytes;
        this.#waiting.shift();
      }
      this.#diskFailed = false;
    } catch (error) {
      if (!this.#diskFailed) {
        log('error', 'frames cannot be kept on disk: the oldest will be dropped', {
          directory: this.#options.directory,
          error: (error as Error).message,
        });
      }
      this.#diskFailed = true;
    }
  }

  #write(entry: Entry): void {
    if (entry.onDisk) return;
    this.#spool.append(entry.number, toBinary(FrameSchema, entry.frame));
    entry.onDisk = true;
  }

  /** Nothing up to this number is needed any more. */
  #done(number: number): void {
    this.#spool.remove(number);
    // It may have been spilled while it was under way.
    this.#cursor = Math.max(this.#cursor, number);
    this.#mark(this.#marks.sent, Math.max(this.#marks.done, number));
  }

  #mark(sent: number, done: number): void {
    try {
      this.#marks.set(sent, done);
    } catch (error) {
      if (!this.#marksFailed) {
        this.#options.log('warn', 'cannot write down what was sent: a restart will send it again', {
          directory: this.#options.directory,
          error: (error as Error).message,
        });
      }
      this.#marksFailed = true;
    }
  }

  /** @returns how many rows */
  #drop(dropped: readonly Outgoing[], reason: LostReason): bigint {
    let rows = 0n;
    for (const { number, frame } of dropped) {
      for (const batch of frame.batches) {
        const head = decodeHead(batch);
        const key = lostKey(head, reason);
        if (head.rows > 0) this.#lost.set(key, (this.#lost.get(key) ?? 0n) + BigInt(head.rows));
        rows += BigInt(head.rows);
      }
      const done = this.#onAcked.get(number);
      this.#onAcked.delete(number);
      // Counters are worth more than events: they go to the end, and take no room to speak of.
      if (frame.accounts.length > 0) this.#append(create(FrameSchema, { accounts: frame.accounts }), done);
    }
    this.#writeLost();
    return rows;
  }

  #tellDropped(rows: bigint): void {
    this.#options.log('warn', 'the spool is full: the oldest events were dropped', { rows: String(rows) });
  }

  /** The last word about an epoch and probe has arrived. */
  #settled(account: EpochAccount): void {
    if (!account.final) return;
    const known = reasons.filter((reason) => this.#lost.delete(lostKey(account, reason)));
    if (known.length > 0) this.#writeLost();
  }

  #writeLost(): void {
    const lost = Object.fromEntries([...this.#lost].map(([key, rows]) => [key, String(rows)]));
    try {
      writeAtomically(this.#lostFile, Buffer.from(JSON.stringify(lost)));
    } catch (error) {
      // The count is kept in memory; only a kill would forget it.
      this.#options.log('error', 'cannot write down what was lost', { error: (error as Error).message });
    }
  }
}

function lostKey({ epoch, probeUid }: { epoch: Uint8Array; probeUid: string }, reason: LostReason): string {
  return `${Buffer.from(epoch).toString('hex')}/${probeUid}/${reason}`;
}

/** About as many bytes as it has on the wire. */
function sizeOf({ batches, schemas, accounts }: Frame): number {
  return (
    batches.reduce((sum, batch) => sum + batch.length + 8, 0) + schemas.length * 512 + accounts.length * 256
  );
}

function readLost(file: string): Map<string, bigint> {
  try {
    const lost = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    return new Map(Object.entries(lost).map(([key, rows]) => [key, BigInt(rows)]));
  } catch {
    return new Map();
  }
}
