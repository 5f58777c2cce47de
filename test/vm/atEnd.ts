import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has something synchronous done when this process ends, be it by a signal (but SIGKILL). Returns a function that
 * takes it back.
 */
export function atEnd(action: () => void): () => void {
  const leave = (signal: NodeJS.Signals): void => {
    process.exit(128 + constants.signals[signal]); // runs every 'exit' listener, so all actions
  };
  process.on('exit', action);
  for (const signal of signals) process.on(signal, leave);
  return () => {
    process.off('exit', action);
    for (const signal of signals) process.off(signal, leave);
  };
}
