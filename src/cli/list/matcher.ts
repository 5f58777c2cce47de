/**
 * Does a name match what somebody typed? With *, ? or [abc] it is a pattern for the whole name, otherwise a part of
 * it; case does not count.
 */
export function matcher(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true;
  if (!/[*?[]/.test(pattern)) {
    const part = pattern.toLowerCase();
    return (name) => name.toLowerCase().includes(part);
  }
  const expression = pattern.replace(/\[[^\]]*\]|[\s\S]/g, (piece) => {
    if (piece === '*') return '.*';
    if (piece === '?') return '.';
    return piece.length > 1
      ? piece.replaceAll('\\', '\\\\').replace('[!', '[^')
      : piece.replace(/[.+^${}()|[\]\\]/, '\\$&');
  });
  const whole = new RegExp(`^${expression}$`, 'i');
  return (name) => whole.test(name);
}
