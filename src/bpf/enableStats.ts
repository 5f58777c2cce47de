import { addon } from './addon.ts';

/** Ends what enableStats() began. Closing twice is fine. */
export interface RunStatistics extends Disposable {
  close(): void;
}

/**
 * The kernel counts runs and time of every BPF program (ProgramInfo.runCount and runTimeNs) until close(): some 50 ns
 * a run. Several may be open at once; the last one that is closed ends it.
 */
export function enableStats(): RunStatistics {
  const native = new (addon().RunStatistics)();
  const close = () => {
    native.close();
  };
  return { close, [Symbol.dispose]: close };
}
