/** Bytes that are no EventBatch; the message says where they go wrong. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  constructor(reason: string, bytes: number) {
    super(`not an event batch (${bytes} bytes): ${reason}`);
  }
}
