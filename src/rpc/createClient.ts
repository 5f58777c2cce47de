import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import {
  connectivityState,
  makeGenericClientConstructor,
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { serviceDefinition } from './serviceDefinition.ts';

type Call<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: MessageInitShape<M['input']>, metadata?: Metadata) => Promise<MessageShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? (
        request: MessageInitShape<M['input']>,
        metadata?: Metadata,
      ) => ClientReadableStream<MessageShape<M['output']>>
    : (metadata?: Metadata) => ClientDuplexStream<MessageShape<M['input']>, MessageShape<M['output']>>;

/** Calls of a generated service, typed by its messages; streams are grpc-js streams, unary calls are promises. */
export type ServiceClient<S extends DescService> = {
  [K in keyof S['method']]: Call<S['method'][K]>;
} & Connection;

/** What is below the calls of a client. */
export interface Connection {
  /** There is one now. It does not try to make one, and watches nothing. */
  isConnected(): boolean;
  close(): void;
}

interface Untyped extends Pick<Client, 'close' | 'getChannel'> {
  [method: string]: unknown;
}

type Unary = (
  request: unknown,
  metadata: Metadata | undefined,
  callback: (error: ServiceError | null, response: unknown) => void,
) => ClientUnaryCall;
type ServerStream = (request: unknown, metadata?: Metadata) => ClientReadableStream<unknown>;

/**
 * A client of a generated service.
 *
 * @param address host:port, or any name that grpc-js resolves
 */
export function createClient<S extends DescService>(
  service: S,
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions = {},
): ServiceClient<S> {
  const Constructor = makeGenericClientConstructor(serviceDefinition(service), service.name);
  const client = new Constructor(address, credentials, options) as unknown as Untyped;
  const calls = service.methods.map(({ localName, methodKind, input }): [string, unknown] => {
    const call = (client[localName] as (...values: unknown[]) => unknown).bind(client);
    if (methodKind === 'unary') {
      const unary = call as Unary;
      return [
        localName,
        (request: MessageInitShape<typeof input>, metadata?: Metadata) =>
          new Promise((resolve, reject) => {
            const done = (error: ServiceError | null, response: unknown): void => {
              if (error) reject(error);
              else resolve(response);
            };
            if (metadata) unary(create(input, request), metadata, done);
            else (call as (request: unknown, callback: typeof done) => unknown)(create(input, request), done);
          }),
      ];
    }
    if (methodKind === 'server_streaming') {
      const stream = call as ServerStream;
      return [
        localName,
        (request: MessageInitShape<typeof input>, metadata?: Metadata) =>
          stream(create(input, request), metadata),
      ];
    }
    return [localName, call];
  });
  return {
    ...Object.fromEntries(calls),
    close: () => {
      client.close();
    },
    isConnected: () => client.getChannel().getConnectivityState(false) === connectivityState.READY,
  } as ServiceClient<S>;
}
