import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Removes directories that do not exist, `/nonexistent/NUMBER/x…`, until it is told to end. */
const program = `
const { rmdirSync } = require('node:fs');
const tail = '/' + 'x'.repeat(Number(process.argv[1]));
let number = 0;
let timer;
process.on('message', (message) => {
  if (message === 'go') timer = setInterval(() => {
    for (const end = number + 50; number < end; number++) try { rmdirSync('/nonexistent/' + number + tail) } catch {}
  }, 10);
  else {
    clearInterval(timer);
    process.send(number, () => process.disconnect());
  }
});`;

/** A process whose every hit of a tracepoint is numbered and counted: at most 5,000 a second. */
export class DirectoryRemover implements Disposable {
  readonly #child: ChildProcess;

  /** @param padding bytes that each path has besides its number */
  constructor(padding: number) {
    this.#child = spawn(process.execPath, ['-e', program, String(padding)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  begin(): void {
    this.#child.send('go');
  }

  /** @returns how many it tried to remove: numbers 0 up to this one */
  async end(): Promise<number> {
    const exited = once(this.#child, 'exit');
    const told = once(this.#child, 'message');
    this.#child.send('end');
    const [count] = (await told) as [number];
    await exited;
    return count;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
