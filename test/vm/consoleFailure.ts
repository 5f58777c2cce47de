/** Lines a kernel prints when something is wrong with it, most telling first. */
const signs: readonly [RegExp, string][] = [
  [/BUG: kernel NULL pointer|BUG: unable to handle|Oops:/, 'the kernel oopsed'],
  [/kernel BUG at/, 'the kernel hit a BUG'],
  [/KASAN:|UBSAN:/, 'a kernel sanitizer reported'],
  [/Out of memory and no killable processes|System is deadlocked on memory/, 'the VM ran out of memory'],
  [/Kernel panic - not syncing/, 'the kernel panicked'],
  [/soft lockup|hard LOCKUP|self-detected stall|detected stalls|blocked for more than/, 'the kernel hung'],
  [/^init: failed/, 'the VM could not set up its root'],
  [/^session: /, 'the VM could not run the command'],
];

/**
 * What the kernel's console tells of a VM that gave no result: a sentence with the telling line, or undefined when
 * it shows nothing wrong.
 */
export function consoleFailure(consoleLog: string): string | undefined {
  const lines = consoleLog.split(/\r?\n/);
  for (const [sign, words] of signs) {
    const line = lines.find((each) => sign.test(each));
    if (line !== undefined) return `${words}: ${line.trim()}`;
  }
  return undefined;
}
