/** For machines; the message is for people. */
export type PositionsErrorReason =
  /** There is nothing at that path (yet). */
  | 'Missing'
  /** The kernel refuses to let it be read, or it is no regular file. */
  | 'Unreadable'
  /** It is not what the format says. */
  | 'Garbled'
  /** It is of a version that nobody has looked at. */
  | 'UnknownVersion'
  /** Reading it would cost more than positions may. */
  | 'TooLarge'
  /** It was changed over and over while it was read. */
  | 'Busy'
  /** The shipper has noted nothing for a while although there is something to read. */
  | 'Stale';

/** Why a shipper's positions cannot be had: until they can, the limit alone decides when a kept file goes. */
export class PositionsError extends Error {
  override readonly name = 'PositionsError';
  readonly reason: PositionsErrorReason;
  /** The file or directory that was read. */
  readonly file: string;

  /** `why` and `advice` are parts of a sentence: what was found, and what to do. */
  constructor(
    reason: PositionsErrorReason,
    file: string,
    why: string,
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`cannot go by the positions in ${file}: ${why}: ${advice}`, options);
    this.reason = reason;
    this.file = file;
  }
}
