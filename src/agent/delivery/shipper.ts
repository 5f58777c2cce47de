import { create } from '@bufbuild/protobuf';
import { status, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';
import { createClient } from '../../rpc/createClient.ts';
import {
  FrameSchema,
  IngestService,
  ShipRequestSchema,
  type EpochAccount,
  type Frame,
  type PointSchema,
  type ShipRequest,
  type ShipResponse,
} from '../../rpc/gen/traceprobe/v1/ingest_pb.ts';
import type { AgentLog } from '../agentLog.ts';
import type { BackoffOptions } from '../../service/backoff.ts';
import { PersistentStream, type StreamEnd } from '../link/persistentStream.ts';
import { streamOptions } from '../link/streamOptions.ts';
import type { Outbox } from './outbox.ts';

export interface ShipperOptions {
  outbox: Outbox;
  credentials: ChannelCredentials;
  clientOptions?: ClientOptions;
  token: () => string | Promise<string>;
  tokenMilliseconds?: number;
  backoff?: BackoffOptions;
  /** Without TLS. */
  onlyLoopback?: boolean;
  /** Accounts of running probes that changed since they were last asked for; `all`: every one. */
  accounts: (all: boolean) => EpochAccount[];
  /** How often accounts are told. Default 1 s. */
  accountMilliseconds?: number;
  /** Bytes that may be under way without an ack. Default 8 MiB. */
  windowBytes?: number;
  /** Events are being taken, or why not. */
  onDelivery: (delivery: Delivery) => void;
  log: AgentLog;
}

/** Points of which a stream remembers that it has told their schema. */
const mostDescribed = 4096;

export interface Delivery {
  delivering: boolean;
  /** Why not, for people. */
  message: string;
}

/**
 * The agent's stream to the aggregator: takes frames from the outbox in order, and tells it what was acked. After a
 * break everything that was not acked goes again.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #outbox: Outbox;
  readonly #stream: PersistentStream<ShipRequest, ShipResponse>;
  readonly #accountTimer: NodeJS.Timeout;
  /** Points whose schema this stream has been told. */
  #described = new Set<string>();
  /** Frames of this stream without ack: their sequence on it, and their number in the outbox (none: accounts only). */
  #unacked: { sequence: bigint; number: number | undefined }[] = [];
  #sequence = 0n;
  #open = false;
  #blocked = false;
  #pausedUntil = 0;
  #pause: NodeJS.Timeout | undefined;
  #delivery: Delivery = {
    delivering: false,
    message: 'the controller has not said yet where the aggregator is',
  };
  #emptied: (() => void) | undefined;

  constructor(options: ShipperOptions) {
    this.#options = options;
    const { outbox, credentials, clientOptions, token, tokenMilliseconds, backoff, log } = options;
    this.#outbox = outbox;
    this.#stream = new PersistentStream<ShipRequest, ShipResponse>('', {
      peer: 'aggregator',
      open: (at, metadata) => {
        const client = createClient(IngestService, at, credentials, { ...streamOptions, ...clientOptions });
        return { stream: client.ship(metadata), client };
      },
      token,
      tokenRequest: (fresh) => create(ShipRequestSchema, { message: { case: 'token', value: fresh } }),
      ...(tokenMilliseconds === undefined ? {} : { tokenMilliseconds }),
      ...(backoff === undefined ? {} : { backoff }),
      onlyLoopback: options.onlyLoopback === true,
      onOpen: () => {
        this.#begin();
      },
      onMessage: (response) => this.#take(response),
      onClosed: (end) => {
        this.#end(end);
      },
      onDrain: () => {
        this.#blocked = false;
        this.#send();
      },
      log,
    });
    outbox.onFrame = () => {
      this.#send();
    };
    this.#accountTimer = setInterval(() => {
      this.#sendAccounts(false);
    }, options.accountMilliseconds ?? 1000).unref();
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** @param address host:port; empty: nowhere */
  connectTo(address: string): void {
    this.#stream.connectTo(address);
  }

  /** Resolves when everything was acked, to true, or when the time is over. */
  async flushed(milliseconds: number): Promise<boolean> {
    if (this.#outbox.empty) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#outbox.empty;
  }

  async close(): Promise<void> {
    clearInterval(this.#accountTimer);
    clearTimeout(this.#pause);
    this.#outbox.onFrame = () => undefined;
    await this.#stream.close();
  }

  #begin(): void {
    this.#open = true;
    this.#blocked = false;
    this.#sequence = 0n;
    this.#described = new Set();
    // Also the first sign of life: its ack says that events are taken.
    this.#write(create(FrameSchema, { accounts: this.#stamped(this.#options.accounts(true)) }), undefined);
    this.#send();
  }

  #end({ reason, code }: StreamEnd): void {
    this.#open = false;
    const [first] = this.#unacked;
    this.#unacked = [];
    // The first one without ack is what was refused: sent again, it would be refused again.
    // Accounts alone, without number, are made anew.
    if (code === status.INVALID_ARGUMENT && first?.number !== undefined) this.#outbox.refused(reason);
    this.#outbox.rewind();
    this.#tell({ delivering: false, message: reason });
  }

  #take({ acked, pauseMs, message }: ShipResponse): boolean {
    let number: number | undefined;
    while (this.#unacked[0] !== undefined && this.#unacked[0].sequence <= acked) {
      number = this.#unacked.shift()?.number ?? number;
    }
    if (number !== undefined) this.#outbox.acked(number);
    if (pauseMs > 0) {
      this.#tell({ delivering: false, message: message === '' ? 'the aggregator asked to wait' : message });
      this.#wait(pauseMs);
    } else {
      this.#tell({ delivering: true, message: '' });
    }
    if (this.#outbox.empty) this.#emptied?.();
    this.#send();
    return true;
  }

  #wait(milliseconds: number): void {
    this.#pausedUntil = performance.now() + milliseconds;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#send();
    }, milliseconds).unref();
  }

  #send(): void {
    const { windowBytes = 8 << 20 } = this.#options;
    while (this.#open && !this.#blocked && this.#outbox.unackedBytes < windowBytes) {
      if (performance.now() < this.#pausedUntil) return;
      const outgoing = this.#outbox.take();
      if (outgoing === undefined) return;
      this.#write(outgoing.frame, outgoing.number);
    }
  }

  /** Between frames and not with them: they are worth nothing tomorrow. */
  #sendAccounts(all: boolean): void {
    if (!this.#open || this.#blocked || performance.now() < this.#pausedUntil) return;
    const accounts = this.#options.accounts(all);
    if (accounts.length === 0) return;
    this.#write(create(FrameSchema, { accounts: this.#stamped(accounts) }), undefined);
  }

  #write(frame: Frame, number: number | undefined): void {
    const sequence = ++this.#sequence;
    const value = create(FrameSchema, {
      sequence,
      batches: frame.batches,
      schemas: frame.schemas.filter((schema) => this.#isNew(schema)),
      accounts: this.#stamped(frame.accounts),
      epoch: frame.epoch,
      number: frame.number,
    });
    this.#unacked.push({ sequence, number });
    this.#blocked = !this.#stream.write(create(ShipRequestSchema, { message: { case: 'frame', value } }));
  }

  #stamped(accounts: readonly EpochAccount[]): EpochAccount[] {
    return accounts.map((account) => this.#outbox.stamp(account));
  }

  #isNew({ probeUid, generation, point }: PointSchema): boolean {
    const key = `${probeUid}/${generation}/${point}`;
    if (this.#described.has(key)) return false;
    // Told twice does no harm.
    if (this.#described.size >= mostDescribed) this.#described.clear();
    this.#described.add(key);
    return true;
  }

  #tell(delivery: Delivery): void {
    if (delivery.delivering === this.#delivery.delivering && delivery.message === this.#delivery.message)
      return;
    this.#delivery = delivery;
    this.#options.onDelivery(delivery);
  }
}
