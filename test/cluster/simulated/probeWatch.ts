import { traceProbeResource, type TraceProbe, type TraceProbeStatus } from '../../../src/api/index.ts';
import type { ApiClient } from '../../../src/kubernetes/apiClient.ts';
import { Reflector } from '../../../src/kubernetes/reflector.ts';
import { resourcePath } from '../../../src/kubernetes/resourcePath.ts';

/** Lets a test wait for what the API server says of TraceProbes. */
export class ProbeWatch {
  /** Every status there ever was, in order. */
  readonly history: { name: string; status: TraceProbeStatus }[] = [];
  readonly #reflector: Reflector<TraceProbe, TraceProbe>;
  readonly #waiting = new Set<() => void>();

  constructor(api: ApiClient) {
    const { group, version, plural } = traceProbeResource;
    this.#reflector = new Reflector<TraceProbe, TraceProbe>({
      api,
      path: resourcePath({ group, version, resource: plural }),
      transform: (probe) => probe,
      onChange: ({ object }) => {
        if (object.status) this.history.push({ name: object.metadata.name, status: object.status });
        // Once the reflector knows it too.
        queueMicrotask(() => {
          for (const look of this.#waiting) look();
        });
      },
    });
  }

  /** The status, as soon as it is such. */
  status(name: string, condition: (status: TraceProbeStatus) => boolean): Promise<TraceProbeStatus> {
    return new Promise((resolve) => {
      const look = (): void => {
        const status = this.#reflector.get(name)?.status;
        if (status === undefined || !condition(status)) return;
        this.#waiting.delete(look);
        resolve(status);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** As soon as Ready has this reason. */
  ready(name: string, reason: string): Promise<TraceProbeStatus> {
    return this.status(name, ({ conditions }) =>
      (conditions ?? []).some((condition) => condition.type === 'Ready' && condition.reason === reason),
    );
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
  }
}
