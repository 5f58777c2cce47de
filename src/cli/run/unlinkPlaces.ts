import { join } from 'node:path';
import type { UnlinkPlaces } from '../../agent/delayedUnlink/openDelayedUnlinks.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError } from '../cliError.ts';
import { keeperSockets, keptFiles } from '../held/askKeeper.ts';

/** Where `traceprobe run` keeps track of the files that it keeps: all of them are deleted when it ends. */
export function unlinkPlaces({ environment }: Pick<CliContext, 'environment'>): UnlinkPlaces {
  return {
    dataDirectory: join(environment['TRACEPROBE_DATA_DIR'] ?? '/var/lib/traceprobe', 'run'),
    socket: keeperSockets(environment).run,
  };
}

/** @throws {CliError} when another run keeps files: two would delete each other's */
export async function requireNoOtherKeeper({ environment }: Pick<CliContext, 'environment'>): Promise<void> {
  const { run } = keeperSockets(environment);
  if ((await keptFiles(run)) === undefined) return;
  throw new CliError([
    {
      message: 'another "traceprobe run" delays deletions on this machine',
      hints: ['put both TraceProbes into one run: traceprobe run -f ONE.yaml -f OTHER.yaml'],
    },
  ]);
}
