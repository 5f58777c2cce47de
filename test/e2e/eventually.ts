/** How long a machine with other work may need for anything that a test waits for. */
const patienceMilliseconds = 150_000;

/**
 * What `look` finds, as soon as it finds something; asked again and again until then.
 * @param what is waited for, in words
 * @throws Error when it has not been found after minutes, with the last error of `look`, if any
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMilliseconds;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`waited ${patienceMilliseconds / 1000} s in vain for ${what}`, { cause });
}
