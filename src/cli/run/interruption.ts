import { exitCodes } from '../cliError.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C and its like, while something runs that has to be ended in good order. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal; a second one ends the process at once, as if there were no handler. */
  readonly signal: AbortSignal;
}

export function catchInterruption(): Interruption {
  const controller = new AbortController();
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  for (const name of signals) process.on(name, handler);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, handler);
    },
  };
}
