/** A request that makes no sense, for who made it. */
export class ReaderError extends Error {
  override readonly name = 'ReaderError';
}
