// Simple stand-ins for the controller and the aggregator, served over real gRPC: they trust everybody who has a token.
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { decodeHead } from '../../src/codec/decodeBatch.ts';
import {
  AgentService,
  ConnectResponseSchema,
  type ConnectRequest,
  type ConnectResponse,
  type DesiredState,
  type Hello,
  type ProbeReport,
} from '../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import {
  IngestService,
  ShipResponseSchema,
  type EpochAccount,
  type Frame,
  type PointSchema,
  type ShipRequest,
  type ShipResponse,
} from '../../src/rpc/gen/traceprobe/v1/ingest_pb.ts';
import { bearerToken } from '../../src/rpc/identity.ts';
import { serve } from '../../src/rpc/serve.ts';

/** Something that can be waited for: conditions are looked at whenever something has happened. */
class Happenings {
  #waiting: (() => void)[] = [];

  happened(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve();
      };
      this.#waiting.push(look);
    });
  }
}

async function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
}

export class StandInController extends Happenings {
  readonly hellos: Hello[] = [];
  readonly tokens: string[] = [];
  /** Newest of each probe, by UID. */
  readonly reports = new Map<string, ProbeReport>();
  /** Everything that was reported, in order. */
  readonly reported: ProbeReport[] = [];
  delivering = false;
  /** The first message of every stream. */
  desired: DesiredState | undefined;
  /** Says that another one leads. */
  redirect: string | undefined;
  streams = new Set<ServerDuplexStream<ConnectRequest, ConnectResponse>>();
  #server: Server | undefined;
  address = '';

  async listen(port = 0): Promise<void> {
    this.#server = new Server();
    serve<typeof AgentService>(this.#server, AgentService, {
      connect: (call) => {
        this.tokens.push(bearerToken(call.metadata));
        this.streams.add(call);
        call.on('error', () => undefined);
        call.on('close', () => {
          this.streams.delete(call);
          this.happened();
        });
        call.on('data', ({ message }: ConnectRequest) => {
          if (message.case === 'token') this.tokens.push(message.value);
          if (message.case === 'hello') {
            this.hellos.push(message.value);
            const answer: ConnectResponse['message'] =
              this.redirect !== undefined || this.desired === undefined
                ? {
                    case: 'redirect',
                    value: { $typeName: 'traceprobe.v1.Redirect', leader: this.redirect ?? '' },
                  }
                : { case: 'desired', value: this.desired };
            call.write(create(ConnectResponseSchema, { message: answer }));
          }
          if (message.case === 'report') {
            this.delivering = message.value.delivering;
            if (message.value.complete) this.reports.clear();
            for (const report of message.value.probes) {
              this.reports.set(report.probeUid, report);
              this.reported.push(report);
            }
          }
          this.happened();
        });
      },
    });
    this.address = `127.0.0.1:${await bind(this.#server, port)}`;
  }

  /** To every agent that is connected. */
  send(state: DesiredState): void {
    for (const stream of this.streams) {
      stream.write(create(ConnectResponseSchema, { message: { case: 'desired', value: state } }));
    }
  }

  async reportOf(uid: string, state: string, generation = 1n): Promise<ProbeReport> {
    const found = (): ProbeReport | undefined => {
      const report = this.reports.get(uid);
      return report?.state === state && report.generation === generation ? report : undefined;
    };
    await this.until(() => found() !== undefined);
    return found() as ProbeReport;
  }

  close(): void {
    this.#server?.forceShutdown();
  }
}

interface Stored {
  rows: bigint;
  filtered: bigint;
  next: bigint;
  gaps: bigint;
}

export class StandInAggregator extends Happenings {
  readonly frames: Frame[] = [];
  readonly schemas = new Map<string, PointSchema>();
  readonly tokens: string[] = [];
  /** Batches, once each, in the order in which they were stored. */
  readonly batches: { epoch: string; probeUid: string; point: number; rows: number; bytes: Uint8Array }[] =
    [];
  /** By epoch (hex) and probe. */
  readonly stored = new Map<string, Stored>();
  readonly accounts = new Map<string, EpochAccount>();
  duplicates = 0;
  /** Frames are stored, but nobody is told. */
  silent = false;
  /** With every ack. */
  pauseMs = 0;
  /** Sees a frame first; may end the call. true: it is not to be stored. */
  onFrame: (frame: Frame, call: ServerDuplexStream<ShipRequest, ShipResponse>) => boolean = () => false;
  streams = new Set<ServerDuplexStream<ShipRequest, ShipResponse>>();
  #numbers = new Map<string, bigint>();
  #server: Server | undefined;
  address = '';

  async listen(port = 0): Promise<void> {
    this.#server = new Server();
    serve<typeof IngestService>(this.#server, IngestService, {
      ship: (call) => {
        this.tokens.push(bearerToken(call.metadata));
        this.streams.add(call);
        const described = new Set<string>();
        let sequence = 0n;
        let refused = false;
        call.on('error', () => undefined);
        call.on('close', () => {
          this.streams.delete(call);
          this.happened();
        });
        call.on('data', ({ message }: ShipRequest) => {
          if (message.case === 'token') this.tokens.push(message.value);
          if (message.case === 'frame') {
            if (message.value.sequence !== ++sequence) throw new Error('frames are not numbered one by one');
            refused ||= this.onFrame(message.value, call);
            if (refused) return;
            this.#store(message.value, described);
            if (!this.silent)
              call.write(create(ShipResponseSchema, { acked: sequence, pauseMs: this.pauseMs }));
          }
          this.happened();
        });
      },
    });
    this.address = `127.0.0.1:${await bind(this.#server, port)}`;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  #store(frame: Frame, described: Set<string>): void {
    this.frames.push(frame);
    for (const schema of frame.schemas) {
      const key = `${schema.probeUid}/${schema.generation}/${schema.point}`;
      described.add(key);
      this.schemas.set(key, schema);
    }
    const epoch = Buffer.from(frame.epoch).toString('hex');
    const again = frame.number > 0n && frame.number <= (this.#numbers.get(epoch) ?? 0n);
    if (frame.number > 0n && !again) this.#numbers.set(epoch, frame.number);
    for (const bytes of frame.batches) {
      const head = decodeHead(bytes);
      const point = `${head.probeUid}/${head.generation}/${head.schema}`;
      if (!described.has(point)) throw new Error(`no schema of ${point} on this stream`);
      const key = `${head.epoch.toString('hex')}/${head.probeUid}`;
      const stored = this.stored.get(key) ?? { rows: 0n, filtered: 0n, next: 0n, gaps: 0n };
      this.stored.set(key, stored);
      if (again) {
        this.duplicates++;
        continue;
      }
      if (head.rows > 0 && head.firstSequence < stored.next)
        throw new Error('stored before, by its sequence');
      if (head.rows > 0) stored.gaps += head.firstSequence - stored.next;
      if (head.rows > 0) stored.next = head.firstSequence + BigInt(head.rows);
      stored.rows += BigInt(head.rows);
      stored.filtered += head.filtered;
      this.batches.push({
        epoch: head.epoch.toString('hex'),
        probeUid: head.probeUid,
        ...{ point: head.schema, rows: head.rows, bytes },
      });
    }
    for (const account of frame.accounts) {
      this.accounts.set(`${Buffer.from(account.epoch).toString('hex')}/${account.probeUid}`, account);
    }
  }

  close(): void {
    this.#server?.forceShutdown();
  }
}
