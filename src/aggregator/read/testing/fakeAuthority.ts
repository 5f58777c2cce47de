import { RefusedError, type ReaderAuthority, type ReaderIdentity } from '../../../rpc/identity.ts';

/**
 * A ReaderAuthority for tests without an API server: tokens are user names, and who may read what is in a table. Real
 * tokens and real RBAC are tested in test/cluster.
 */
export class FakeAuthority implements ReaderAuthority {
  /** Probes by user name; '*': all. */
  readonly rights = new Map<string, readonly string[]>();
  expires = new Date(Date.now() + 600_000);
  /** Every question that was asked: user and probe. */
  readonly asked: string[] = [];

  authenticate(token: string): Promise<ReaderIdentity> {
    if (!this.rights.has(token)) {
      return Promise.reject(new RefusedError('unauthenticated', 'the token is not valid'));
    }
    return Promise.resolve({ username: token, uid: `uid-${token}`, groups: [], expires: this.expires });
  }

  mayRead({ username }: ReaderIdentity, probe: string): Promise<boolean> {
    this.asked.push(`${username} ${probe}`);
    const probes = this.rights.get(username) ?? [];
    return Promise.resolve(probes.includes('*') || probes.includes(probe));
  }
}
