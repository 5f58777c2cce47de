import { exitCodes } from '../cliError.ts';
import { watchParent } from './watchParent.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C can come twice within moments: a terminal (or systemd) signals the whole process group, and npm passes
 * its own on to its child. Nobody presses twice this fast.
 */
const sameMilliseconds = 300;

/** Ctrl-C and its like, while something runs that has to be ended in good order. */
export interface Interruption extends Disposable {
  /**
   * Aborted by the first signal, or when the npx that started us is gone; a second signal ends the process at once, as
   * if there were no handler.
   */
  readonly signal: AbortSignal;
}

export function catchInterruption(environment: NodeJS.ProcessEnv): Interruption {
  const controller = new AbortController();
  let first = 0;
  const interrupt = (): void => {
    first = performance.now();
    controller.abort();
  };
  const handler = (): void => {
    if (!controller.signal.aborted) interrupt();
    else if (performance.now() - first > sameMilliseconds) process.exit(exitCodes.interrupted);
  };
  for (const name of signals) process.on(name, handler);
  // npx runs us below a shell that a signal kills without a word to us. Otherwise to outlive one's parent is a right:
  // of nohup, of a daemon.
  const watch = environment['npm_lifecycle_event'] === 'npx' ? watchParent(interrupt) : undefined;
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      watch?.[Symbol.dispose]();
      for (const name of signals) process.off(name, handler);
    },
  };
}
