import {
  durationToMilliseconds,
  quantityToInteger,
  traceProbeResource,
  type KubernetesObject,
  type TraceProbe,
} from '../api/index.ts';
import { Reflector, type ReflectorOptions } from '../kubernetes/reflector.ts';
import { resourcePath } from '../kubernetes/resourcePath.ts';
import type { KnownProbe } from './store/knownProbes.ts';
import type { Store } from './store/store.ts';

export interface WatchProbesOptions extends Pick<ReflectorOptions<KubernetesObject, KnownProbe>, 'api'> {
  store: Pick<Store, 'setProbes'>;
  /** Told of every failure that is got over by trying again. */
  onError: (error: unknown) => void;
}

/** Tells a store which TraceProbes there are, as the API server has them: no agent can say otherwise. */
export function watchProbes({
  api,
  store,
  onError,
}: WatchProbesOptions): Pick<Reflector<never, never>, 'stop'> {
  const { group, version, plural } = traceProbeResource;
  const probes = new Map<string, KnownProbe>();
  let isSynced = false;
  const tell = (): void => {
    if (isSynced) store.setProbes(probes.values()).catch(onError);
  };
  const reflector = new Reflector<KubernetesObject & Partial<Pick<TraceProbe, 'spec'>>, KnownProbe>({
    api,
    path: resourcePath({ group, version, resource: plural }),
    transform: ({ metadata: { uid, name }, spec }) => {
      if (uid === undefined) return undefined;
      const { maxAge, maxBytes } = spec?.retention ?? {};
      return {
        ...{ uid, name },
        ...(maxAge === undefined ? {} : { maxAgeMs: durationToMilliseconds(maxAge) }),
        ...(maxBytes === undefined ? {} : { maxBytes: Number(quantityToInteger(maxBytes)) }),
      };
    },
    isSame: (previous, next) => JSON.stringify(previous) === JSON.stringify(next),
    onChange: ({ type, object }) => {
      if (type === 'deleted') probes.delete(object.uid);
      else probes.set(object.uid, object);
      tell();
    },
    onError,
  });
  void reflector.synced.then(
    () => {
      isSynced = true;
      tell();
    },
    () => undefined,
  );
  return reflector;
}
