/** Longer timers overflow and fire at once. */
const longestTimer = 2 ** 31 - 1;

/** Aborted after so many milliseconds, however many; the timer does not keep the process alive. */
export function after(milliseconds: number): AbortSignal & Disposable {
  const controller = new AbortController();
  const end = performance.now() + milliseconds;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = end - performance.now();
    if (left <= 0) controller.abort();
    else timer = setTimeout(wait, Math.min(Math.ceil(left), longestTimer));
  };
  wait();
  return Object.assign(controller.signal, {
    [Symbol.dispose]() {
      clearTimeout(timer);
    },
  });
}

/** Settled when one of them is aborted. */
export async function anyAborted(signals: readonly AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any([...signals]);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
