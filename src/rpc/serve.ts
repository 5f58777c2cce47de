import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Server,
} from '@grpc/grpc-js';
import { serviceDefinition } from './serviceDefinition.ts';

type Handler<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? handleUnaryCall<MessageShape<M['input']>, MessageShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? handleServerStreamingCall<MessageShape<M['input']>, MessageShape<M['output']>>
    : handleBidiStreamingCall<MessageShape<M['input']>, MessageShape<M['output']>>;

/** A grpc-js handler for each method of a generated service, typed by its messages. */
export type Handlers<S extends DescService> = { [K in keyof S['method']]: Handler<S['method'][K]> };

/** Adds a generated service to a server. */
export function serve<S extends DescService>(server: Server, service: S, handlers: Handlers<S>): void {
  server.addService(serviceDefinition(service), handlers);
}
