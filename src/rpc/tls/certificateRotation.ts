import {
  createAuthority,
  isDueForRenewal,
  issueServerCertificate,
  validFor,
  type KeyPair,
} from './certificateAuthority.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** How long everyone has to take up a changed bundle before anything depends on it (a mounted file takes a minute or two). */
export const bundleDelay = 10 * minute;
export const authorityLife = 365 * day;
export const serverLife = 30 * day;

/** All certificates of an installation: a plain value, kept in a Secret. */
export interface Certificates {
  /** Signs. */
  authority: KeyPair;
  /** Trusted since `since`, signs when everyone has had time to trust it. */
  next: { authority: KeyPair; since: Date } | undefined;
  /** PEM; signed what may still be in use until then. */
  previous: { certificate: string; until: Date } | undefined;
  /** Of each server, by name. */
  servers: Record<string, KeyPair & { names: string[] }>;
}

/** DNS names a server answers to; what comes first is the one its clients check. */
export type ServerNames = Record<string, string[]>;

/** What clients trust: PEM, one certificate after the other. */
export function bundleOf({ authority, next, previous }: Certificates): string {
  return [authority.certificate, next?.authority.certificate, previous?.certificate]
    .filter((pem) => pem !== undefined)
    .map((pem) => pem.trim() + '\n')
    .join('');
}

/**
 * One step of the certificates' life: makes what is missing, renews what has lived for two thirds of its time. A new
 * authority is trusted for ten minutes before it signs, an old one for ten minutes after: at no time does a server show
 * what a client does not trust.
 *
 * @returns the same object when nothing is to be changed
 */
export async function rotate(
  current: Certificates | undefined,
  servers: ServerNames,
  now: Date,
): Promise<Certificates> {
  if (current === undefined) {
    const authority = await newAuthority(now);
    return {
      authority,
      next: undefined,
      previous: undefined,
      servers: await issueAll(authority, servers, now),
    };
  }
  const { authority, next, previous } = current;
  if (next !== undefined && now.getTime() >= next.since.getTime() + bundleDelay) {
    return {
      authority: next.authority,
      next: undefined,
      previous: { certificate: authority.certificate, until: new Date(now.getTime() + bundleDelay) },
      servers: await issueAll(next.authority, servers, now),
    };
  }
  if (next === undefined && isDueForRenewal(authority.certificate, now)) {
    return { ...current, next: { authority: await newAuthority(now), since: now } };
  }
  if (previous !== undefined && now >= previous.until) return { ...current, previous: undefined };
  const due = Object.entries(servers).filter(([name, names]) => {
    const server = current.servers[name];
    return (
      server === undefined || !sameNames(server.names, names) || isDueForRenewal(server.certificate, now)
    );
  });
  const gone = Object.keys(current.servers).filter((name) => !(name in servers));
  if (due.length === 0 && gone.length === 0) return current;
  const kept = Object.entries(current.servers).filter(([name]) => name in servers);
  return {
    ...current,
    servers: { ...Object.fromEntries(kept), ...(await issueAll(authority, Object.fromEntries(due), now)) },
  };
}

function newAuthority(now: Date): Promise<KeyPair> {
  return createAuthority(`TraceProbe ${now.toISOString()}`, validFor(authorityLife, now));
}

async function issueAll(
  authority: KeyPair,
  servers: ServerNames,
  now: Date,
): Promise<Certificates['servers']> {
  const issued = Object.entries(servers).map(async ([name, names]) => {
    const pair = await issueServerCertificate(authority, names, [], validFor(serverLife, now));
    return [name, { ...pair, names }] as const;
  });
  return Object.fromEntries(await Promise.all(issued));
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
