import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** Requests and responses of a generated service, the way grpc-js wants to be told. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method): [string, MethodDefinition<object, object>] => {
      const { methodKind, input, output } = method;
      return [
        method.localName,
        {
          path: `/${service.typeName}/${method.name}`,
          requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
          responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
          requestSerialize: serializer(input),
          requestDeserialize: (bytes) => fromBinary(input, bytes),
          responseSerialize: serializer(output),
          responseDeserialize: (bytes) => fromBinary(output, bytes),
        },
      ];
    }),
  );
}

function serializer(schema: DescMessage): (message: object) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message as MessageShape<DescMessage>);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}
