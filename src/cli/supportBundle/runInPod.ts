import { Writable } from 'node:stream';
import { Exec, type KubeConfig } from '@kubernetes/client-node';

/** Of what a command says. */
const maxBytes = 4 << 20;
const timeoutMs = 60_000;

/**
 * Runs a command in a pod, as `kubectl exec` does.
 *
 * @returns what it wrote to its standard output and error, whatever it ended with
 * @throws Error when it could not be run
 */
export async function runInPod(
  kubeConfig: KubeConfig,
  { namespace, name, container }: { namespace: string; name: string; container: string },
  command: readonly string[],
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const collect = (): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (bytes <= maxBytes) chunks.push(chunk);
        done();
      },
    });
  const ended = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    ended.reject(new Error(`${command.join(' ')} in pod ${name} did not end within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  ended.promise.catch(() => undefined);
  const end = (): void => {
    ended.resolve(undefined);
  };
  try {
    const exec = new Exec(kubeConfig);
    // A WebSocket, whose types are not installed.
    const [output, errors] = [collect(), collect()];
    const socket = (await exec.exec(
      namespace,
      name,
      container,
      [...command],
      output,
      errors,
      null,
      false,
      end,
    )) as unknown as { onclose: () => void; close: () => void };
    socket.onclose = end;
    try {
      await ended.promise;
    } finally {
      socket.close();
    }
  } catch (error) {
    throw new Error(`exec in pod ${name} was refused: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString();
}

/** The client rejects with an ErrorEvent of its WebSocket, which is no Error. */
function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const { message } = error as { message?: unknown };
  return typeof message === 'string' ? message : 'no reason was given';
}
