/**
 * The same bytes in memory of their own, which can be handed to another thread. What gRPC has received lies in larger
 * pieces of memory, and a view of a few bytes is sent to a thread as all that it is a view of.
 */
export function packBatches(batches: readonly Uint8Array[]): { batches: Uint8Array[]; memory: ArrayBuffer } {
  const memory = new ArrayBuffer(batches.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  const packed = batches.map((batch) => {
    const copy = new Uint8Array(memory, at, batch.length);
    copy.set(batch);
    at += batch.length;
    return copy;
  });
  return { batches: packed, memory };
}
