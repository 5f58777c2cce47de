import { status, type Metadata, type ServiceError, Metadata as GrpcMetadata } from '@grpc/grpc-js';

/** Which agent calls; all of it from its token, nothing from its messages. */
export interface AgentIdentity {
  nodeName: string;
  nodeUid: string;
  podName: string;
  podUid: string;
  /** When the token stops being one. */
  expires: Date;
}

/** Says which agent a token belongs to. */
export interface AgentAuthenticator {
  /** @throws RefusedError */
  authenticate(token: string): Promise<AgentIdentity>;
}

/** Who reads events. */
export interface ReaderIdentity {
  username: string;
  uid: string;
  groups: string[];
  expires: Date;
}

/** Says who reads, and what they may. */
export interface ReaderAuthority {
  /** @throws RefusedError */
  authenticate(token: string): Promise<ReaderIdentity>;
  /** Whether the reader may get traceprobes/events of the probe of this name; '*': of all. */
  mayRead(reader: ReaderIdentity, probe: string): Promise<boolean>;
}

export type Refusal = 'unauthenticated' | 'forbidden' | 'unavailable';

const codes = {
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
} as const;

/** A call that is not served, for who made it. A grpc-js handler may hand it to its callback or emit it as it is. */
export class RefusedError extends Error implements ServiceError {
  override readonly name = 'RefusedError';
  readonly refusal: Refusal;
  readonly code: status;
  readonly details: string;
  readonly metadata = new GrpcMetadata();

  constructor(refusal: Refusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
    this.code = codes[refusal];
    this.details = message;
  }
}

/**
 * The token of "authorization: Bearer …".
 *
 * @throws RefusedError
 */
export function bearerToken(metadata: Metadata): string {
  const value = metadata.get('authorization')[0]?.toString() ?? '';
  const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(value)?.[1];
  if (token === undefined) {
    throw new RefusedError('unauthenticated', 'the call has no "authorization: Bearer …" metadata');
  }
  return token;
}

/** Metadata that carries a token. */
export function bearer(token: string): Metadata {
  const metadata = new GrpcMetadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
