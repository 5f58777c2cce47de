import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { credentials, type ClientDuplexStream, type ClientOptions, type ServiceError } from '@grpc/grpc-js';
import { createClient } from '../../../src/rpc/createClient.ts';
import {
  AgentService,
  ConnectRequestSchema,
  type ConnectRequest,
  type ConnectResponse,
  type DesiredProbe,
  type NodePod,
  type ProbeReportSchema,
} from '../../../src/rpc/gen/traceprobe/v1/agent_pb.ts';
import { bearer } from '../../../src/rpc/identity.ts';

export type Answer = Omit<
  MessageInitShape<typeof ProbeReportSchema>,
  'probeUid' | 'generation' | '$typeName'
>;

export interface SimulatedAgentOptions {
  /** host:port of a replica. */
  address: string;
  token: string;
  kernelRelease?: string;
  clientOptions?: ClientOptions;
  /** What becomes of a probe here. Default: it runs. */
  answer?: (probe: DesiredProbe) => Answer;
}

/** An agent as far as the controller can tell: the real protocol over a real connection, and no kernel. */
export class SimulatedAgent implements Disposable {
  /** By UID, with what it was told of each. */
  readonly probes = new Map<string, DesiredProbe>();
  readonly pods = new Map<string, NodePod>();
  held: string[] = [];
  aggregator = '';
  redirect: string | undefined;
  /** Why the stream ended; '' in good order. */
  ended: string | undefined;
  messages = 0;
  answer: (probe: DesiredProbe) => Answer;
  readonly stream: ClientDuplexStream<ConnectRequest, ConnectResponse>;
  readonly #client: { close(): void };
  readonly #waiting = new Set<() => void>();

  constructor({ address, token, kernelRelease = '6.1.0', clientOptions, answer }: SimulatedAgentOptions) {
    this.answer = answer ?? ((probe) => ({ state: probe.stopped ? 'Stopped' : 'Running' }));
    const client = createClient(AgentService, address, credentials.createInsecure(), clientOptions);
    this.#client = client;
    this.stream = client.connect(bearer(token));
    this.stream.on('data', (response: ConnectResponse) => {
      this.#take(response);
    });
    this.stream.on('error', (error: ServiceError) => {
      this.ended = error.details;
    });
    this.stream.on('end', () => {
      this.ended ??= '';
      this.#look();
    });
    this.stream.on('close', () => {
      this.ended ??= '';
      this.#look();
    });
    this.stream.on('status', () => {
      setImmediate(() => {
        this.ended ??= '';
        this.#look();
      });
    });
    this.write({
      case: 'hello',
      value: { version: '0.0.0', kernelRelease, architecture: 'x86_64', features: [] },
    });
  }

  write(message: MessageInitShape<typeof ConnectRequestSchema>['message'] & object): void {
    this.stream.write(create(ConnectRequestSchema, { message }));
  }

  probe(name: string): DesiredProbe | undefined {
    return [...this.probes.values()].find((probe) => probe.name === name);
  }

  /** Resolves as soon as the agent is such. */
  until(condition: (agent: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Says what becomes of all probes. */
  report(revision: bigint, complete: boolean, probes: Iterable<DesiredProbe> = this.probes.values()): void {
    this.write({
      case: 'report',
      value: {
        ...{ revision, complete, delivering: true },
        probes: [...probes].map((probe) => {
          const { uid: probeUid, generation } = probe;
          return { probeUid, generation, ...this.answer(probe) };
        }),
      },
    });
  }

  [Symbol.dispose](): void {
    this.stream.cancel();
    this.#client.close();
  }

  #take({ message }: ConnectResponse): void {
    this.messages++;
    if (message.case === 'redirect') this.redirect = message.value.leader;
    if (message.case === 'desired') {
      const { complete, revision, probes, removedProbeUids, pods, removedPodUids } = message.value;
      if (complete) {
        const { heldProbeUids, aggregator } = message.value;
        for (const uid of this.probes.keys()) if (!heldProbeUids.includes(uid)) this.probes.delete(uid);
        this.pods.clear();
        this.held = heldProbeUids;
        this.aggregator = aggregator;
      }
      for (const probe of probes) this.probes.set(probe.uid, probe);
      for (const uid of removedProbeUids) this.probes.delete(uid);
      for (const pod of pods) this.pods.set(pod.uid, pod);
      for (const uid of removedPodUids) this.pods.delete(uid);
      this.report(revision, complete, complete ? undefined : probes);
    }
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
