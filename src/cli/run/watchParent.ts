/**
 * Calls back, once, when the process that started this one has ended. Nothing in Node tells that, so it is looked up a
 * few times a second; the timer does not keep the process alive.
 *
 * @param parent the parent's id at this moment
 */
export function watchParent(onGone: () => void, parent = (): number => process.ppid): Disposable {
  const first = parent();
  const timer = setInterval(() => {
    if (parent() === first) return;
    clearInterval(timer);
    onGone();
  }, 250).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
