import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { KeptFile, ReleaseRequest } from '../../agent/delayedUnlink/keptFilesServer.ts';

/** Where `traceprobe run` answers, and an agent by default. */
export function keeperSockets(environment: NodeJS.ProcessEnv): { run: string; agent: string } {
  return {
    run: join(environment['TRACEPROBE_RUN'] ?? '/run/traceprobe', 'held.sock'),
    agent: join(environment['TRACEPROBE_DATA_DIR'] ?? '/var/lib/traceprobe', 'held.sock'),
  };
}

/** What is kept; undefined: nobody listens there any more. */
export async function keptFiles(socket: string): Promise<KeptFile[] | undefined> {
  return (await ask(socket, 'GET', '/held')) as KeptFile[] | undefined;
}

/** Paths that were let go; undefined: nobody listens there any more. */
export async function releaseFiles(socket: string, which: ReleaseRequest): Promise<string[] | undefined> {
  return (await ask(socket, 'POST', '/release', which)) as string[] | undefined;
}

async function ask(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  try {
    const { code, answer } = await new Promise<{ code: number | undefined; answer: string }>(
      (resolve, reject) => {
        const headers = content === undefined ? {} : { 'content-length': Buffer.byteLength(content) };
        const sent = request({ socketPath, method, path, headers, timeout: 10_000 }, (response) => {
          text(response).then((all) => {
            resolve({ code: response.statusCode, answer: all });
          }, reject);
        });
        sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
        sent.on('error', reject);
        sent.end(content);
      },
    );
    if (code !== 200) throw new Error(answer);
    return JSON.parse(answer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nobody is there, or only the socket of one who was killed.
    if (code === 'ECONNREFUSED') rmSync(socketPath, { force: true });
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return undefined;
    throw new Error(`ask for kept files at ${socketPath}: ${(error as Error).message}`, { cause: error });
  }
}
