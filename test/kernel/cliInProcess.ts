import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/cli.ts';

/** Runs `traceprobe ARGS…` in this process, which saves a start where that takes seconds. */
export async function cli(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof texts): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        texts[name] += String(chunk);
        callback();
      },
    });
  const status = await runCli(args, { stdout: sink('stdout'), stderr: sink('stderr'), env: {} });
  return { status, ...texts };
}
