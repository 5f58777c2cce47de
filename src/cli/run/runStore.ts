import type { Host } from '../../agent/host.ts';
import type { Manifest } from '../../api/index.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { openStore } from '../store/openStore.ts';
import { storeDirectory } from '../store/storeDirectory.ts';
import { RunStorage } from './runStorage.ts';
import { storedIdentity } from './storedIdentity.ts';

/** The store that a run adds to. */
export interface RunStore extends AsyncDisposable {
  directory: string;
  /** Gives a probe of a file its identity in the store. */
  identify: (manifest: Manifest) => Manifest;
  storage: (host: Host) => RunStorage;
  /** Aborted when nothing can be stored any more. */
  lost: AbortSignal;
}

/**
 * Opens the store of a directory for a run.
 *
 * @param node what events call this machine
 * @throws CliError
 */
export async function runStore(
  directory: string | undefined,
  node: string,
  context: CliContext,
): Promise<RunStore> {
  const { stderr } = context;
  const paths = storeDirectory(directory, context.environment);
  const opened = await openStore(paths, context);
  const { store, feed } = opened;
  const lost = new AbortController();
  store.on('failing', (failing) => {
    const message =
      failing === undefined ? 'events are stored again' : `events cannot be stored: ${failing.message}`;
    reportProblems(stderr, [{ message }], 'warning');
  });
  return {
    directory: paths.directory,
    identify: await storedIdentity(store),
    storage: (host) =>
      new RunStorage({
        ...{ store, feed, host, node },
        onLost: (error) => {
          reportProblems(stderr, [{ message: `the store ${paths.file} is lost: ${error.message}` }]);
          lost.abort();
        },
      }),
    lost: lost.signal,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
