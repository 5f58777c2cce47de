import { FrameError } from './frame.ts';

/** A TraceProbe that there is, as the API server has it; what is left out, agents say. */
export interface KnownProbe {
  uid: string;
  name?: string;
  /** 0: the store's own. */
  maxAgeMs?: number;
  /** 0: none of its own. */
  maxBytes?: number;
}

/**
 * Which TraceProbes there are, said by whom all agents obey. No agent gives a name to a probe that is not its own, nor
 * another retention.
 */
export class KnownProbes {
  readonly #byUid: ReadonlyMap<string, KnownProbe>;
  readonly #uidOf: ReadonlyMap<string, string>;

  /** @throws RangeError for a retention that is none */
  constructor(probes: readonly KnownProbe[]) {
    for (const probe of probes) checkRetention(`TraceProbe ${probe.name ?? probe.uid}`, probe);
    this.#byUid = new Map(probes.map((probe) => [probe.uid, probe]));
    this.#uidOf = new Map(
      probes.flatMap(({ uid, name }) => (name === undefined ? [] : [[name, uid] as const])),
    );
  }

  find(uid: string): KnownProbe | undefined {
    return this.#byUid.get(uid);
  }

  /** UID of the probe that a name means; undefined: none that is known by name. */
  uidOf(name: string): string | undefined {
    return this.#uidOf.get(name);
  }
}

/** @throws RangeError unless both are whole numbers from 0 on */
export function checkRetention(what: string, { maxAgeMs = 0, maxBytes = 0 }: Partial<KnownProbe>): void {
  for (const [name, value] of Object.entries({ maxAgeMs, maxBytes })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new RangeError(`${what}: ${name} is ${value}; a whole number from 0 to 2^53 − 1`);
  }
}

/** @throws FrameError when an agent says otherwise than is known */
export function checkName(uid: string, known: string | undefined, told: string): void {
  if (known === undefined || known === told) return;
  throw new FrameError(
    `point schema: probe '${uid}' is called '${known}', not '${told}': names never change`,
  );
}
