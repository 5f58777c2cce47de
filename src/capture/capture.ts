import { hostname } from 'node:os';
import { addon } from '../bpf/addon.ts';
import type { RecordSchema } from './recordSchema.ts';

/** An EventBatch of proto/traceprobe/v1/events.proto, and whose it is. */
export interface FlushedBatch {
  slot: number;
  schema: number;
  /** May be 0: then it only says how many events were filtered or lost. */
  rows: number;
  bytes: Buffer;
}

/**
 * What became of the records of a slot and schema since the flush before. Over all flushes the sum of the five is
 * the number of records that were drained, and at rest what the kernel counted as captured.
 */
export interface FlushedCounts {
  slot: number;
  schema: number;
  /** In the batches of this flush. */
  rows: number;
  /** Refused by the native part of the filter. */
  filtered: number;
  /** Without the layout of their schema. */
  malformed: number;
  /** Dropped, because onFlush had not taken maxPendingBytes of batches. */
  backlog: number;
  /** Nobody had added their schema. */
  unknown: number;
  /** Of those above: nobody had said in time whose their cgroup is. */
  unattributed: number;
}

export interface Flush {
  batches: FlushedBatch[];
  counts: FlushedCounts[];
  /** Cgroups whose events wait, at most 5 s, for setWorkloads to say whose they are; each is told once. */
  unknownCgroups: bigint[];
  /** Of all batches. */
  bytes: number;
}

/** Whose the events of a cgroup are. */
export interface CapturedWorkload {
  /** The cgroup's id: inode of its directory. */
  cgroup: bigint;
  /** Empty, as the three below: of no pod. */
  namespace: string;
  pod: string;
  podUid: string;
  container: string;
  /** Of the scoped probes that select it. */
  gates: number[];
}

export interface CaptureOptions {
  /** Ring buffer maps, or their file descriptors. They may be closed once the capture is made. */
  rings: (number | { fd: number })[];
  /** The map of gates (struct tp_gate): bytes drained are taken off there. Left out: nowhere. */
  gates?: number | { fd: number };
  /** EventBatch.epoch. */
  epoch: Uint8Array;
  /** This machine's name, for filters that ask for `node`. Default: os.hostname(). */
  node?: string;
  /** An event waits at most this long; the first one after a pause does not. Default 100. */
  flushMilliseconds?: number;
  /** Size at which a batch is closed earlier. Default 1 MiB. */
  maxBatchBytes?: number;
  /** While more than this is not taken, events are dropped and counted as backlog. Default 64 MiB. */
  maxPendingBytes?: number;
  /** Takes a flush: when it returns, or when the promise that it returns has settled. */
  onFlush: (flush: Flush) => void | Promise<void>;
}

/** Since the start, of all slots together. */
export interface CaptureStats {
  records: number;
  recordBytes: number;
  rows: number;
  filtered: number;
  malformed: number;
  backlog: number;
  unknown: number;
  flushes: number;
  batchBytes: number;
  /** Of batches that onFlush has not taken yet. */
  pendingBytes: number;
  /** How often the thread looked at the rings. */
  looks: number;
  /** How often it was woken from its sleep: by a quiet ring's first event, or by a call of this class. */
  wakeups: number;
  /** How often the system's clock was set. */
  clockSteps: number;
  /** Events of cgroups about which nobody said anything in time. */
  unattributed: number;
}

/** native/capture/capture_object.h; arguments are checked there. */
interface NativeCapture {
  addSchema(schema: RecordSchema): void;
  removeSchema(slot: number, schema: number): Promise<void>;
  setWorkloads(set: readonly CapturedWorkload[], removed: readonly bigint[]): void;
  drain(slot: number | undefined): Promise<void>;
  taken(bytes: number): void;
  stats(): CaptureStats;
  keepAlive(keepAlive: boolean): void;
  close(): void;
}

interface CaptureAddon {
  Capture: new (options: {
    rings: number[];
    gates: number | undefined;
    epoch: Uint8Array;
    node: string;
    flushMilliseconds: number;
    maxBatchBytes: number;
    maxPendingBytes: number;
    onFlush: (flush: Flush) => void;
  }) => NativeCapture;
}

/**
 * Empties ring buffers on a thread of its own, which filters records and encodes them as batches; JavaScript sees one
 * call a flush. It does not keep the process alive, unless keepAlive(true) is called.
 *
 * @throws BpfError when a map cannot be used as what it is given for
 */
export class Capture implements Disposable {
  readonly #native: NativeCapture;

  constructor(options: CaptureOptions) {
    const { rings, gates, epoch, onFlush } = options;
    const { Capture: Native } = addon() as unknown as CaptureAddon;
    const native = new Native({
      rings: rings.map(fdOf),
      gates: gates === undefined ? undefined : fdOf(gates),
      epoch,
      node: options.node ?? hostname(),
      flushMilliseconds: options.flushMilliseconds ?? 100,
      maxBatchBytes: options.maxBatchBytes ?? 1 << 20,
      maxPendingBytes: options.maxPendingBytes ?? 64 << 20,
      onFlush: (flush) => {
        const taken = (): void => {
          native.taken(flush.bytes);
        };
        try {
          const taking = onFlush(flush);
          if (taking instanceof Promise) void taking.finally(taken);
          else taken();
        } catch (error) {
          taken();
          // As from any event listener: an uncaught exception. Thrown here it would end in native code.
          queueMicrotask(() => {
            throw error;
          });
        }
      },
    });
    this.#native = native;
  }

  /**
   * Says how records of a slot and schema are read; call it before their program is attached. Several schemas of one
   * slot can be there at a time, as a probe's old and new generation are during an update.
   */
  addSchema(schema: RecordSchema): void {
    this.#native.addSchema(schema);
  }

  /**
   * Forgets a schema when everything that is in the rings now has been flushed; detach its program before. Settled
   * after that flush: then slot and schema may be used again.
   */
  async removeSchema(slot: number, schema: number): Promise<void> {
    await this.#native.removeSchema(slot, schema);
  }

  /** Says whose cgroups are. From the first call on, events of cgroups that nobody told of wait, at most 5 s. */
  setWorkloads(set: readonly CapturedWorkload[], removed: readonly bigint[] = []): void {
    this.#native.setWorkloads(set, removed);
  }

  /**
   * Settled when everything that is in the rings now has been handed to onFlush, or counted.
   * @param slot whose events do not wait for setWorkloads any longer; left out: those of all
   */
  async drain(slot?: number): Promise<void> {
    await this.#native.drain(slot);
  }

  stats(): CaptureStats {
    return this.#native.stats();
  }

  /** Whether a running capture keeps the process alive. */
  keepAlive(keepAlive: boolean): void {
    this.#native.keepAlive(keepAlive);
  }

  /** Ends the thread. What was not flushed before (see drain) is lost; onFlush is not called any more. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function fdOf(map: number | { fd: number }): number {
  return typeof map === 'number' ? map : map.fd;
}
