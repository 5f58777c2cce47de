import { BpfError, type BpfErrorFields } from './bpfError.ts';
import { ClosedError } from './closedError.ts';
import { VerifierError, type VerifierErrorFields } from './verifierError.ts';

/** What the addon hands over when it throws: the kind and its facts (native/bpf/errors.cc). */
export type NativeFailure =
  | [kind: 'bpf', fields: BpfErrorFields]
  | [kind: 'verifier', fields: VerifierErrorFields]
  | [kind: 'closed', fields: { what: string }]
  | [kind: 'argument', fields: { message: string }];

/** The error object for a failure that the addon found. */
export function createError(...failure: NativeFailure): Error {
  const [kind, fields] = failure;
  switch (kind) {
    case 'bpf':
      return new BpfError(fields);
    case 'verifier':
      return new VerifierError(fields);
    case 'closed':
      return new ClosedError(fields.what);
    case 'argument':
      return new TypeError(fields.message);
  }
}
