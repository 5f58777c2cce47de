import { readFileSync } from 'node:fs';
import { credentials, Metadata } from '@grpc/grpc-js';
import { createClient } from '../../rpc/createClient.ts';
import { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { bearer } from '../../rpc/identity.ts';
import { isLoopback } from '../../rpc/isLoopback.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError, usageError } from '../cliError.ts';
import { storeDirectory } from '../store/storeDirectory.ts';
import { aggregatorName, clientOptions, type Events } from './events.ts';
import type { EventsOptions } from './readOptions.ts';

/**
 * The aggregator that a command line means.
 *
 * @throws CliError
 */
export async function openEvents(options: EventsOptions, context: CliContext): Promise<Events> {
  const { server, tokenFile, caFile, kubeconfig, context: kubeContext, store } = options;
  if (isLocal(options)) {
    const others = { server, 'token-file': tokenFile, 'ca-file': caFile, kubeconfig, context: kubeContext };
    for (const [name, value] of Object.entries(others)) {
      if (value !== undefined) throw usageError(`--${name} is not for a store of this machine`);
    }
    // DuckDB takes a while to load.
    const { localEvents } = await import('../store/localEvents.ts');
    return localEvents(storeDirectory(store, context.environment), context);
  }
  if (server === undefined) {
    if (tokenFile !== undefined || caFile !== undefined)
      throw usageError('--token-file and --ca-file go with --server');
    // The client of the API server takes a while to load.
    const { clusterEvents } = await import('./clusterEvents.ts');
    return clusterEvents(options);
  }
  if (caFile === undefined && !isLoopback(server)) {
    throw usageError(
      `without --ca-file nothing is sent to ${server}: a token must not be read by others`,
      'only 127.0.0.1, [::1] and localhost are talked to without TLS',
    );
  }
  const tls =
    caFile === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(readOption('--ca-file', caFile));
  const name = caFile === undefined ? {} : { 'grpc.ssl_target_name_override': aggregatorName };
  const client = createClient(EventsService, server, tls, { ...clientOptions, ...name });
  return {
    client,
    credentials: () =>
      Promise.resolve(
        tokenFile === undefined
          ? new Metadata()
          : bearer(readOption('--token-file', tokenFile).toString().trim()),
      ),
    [Symbol.asyncDispose]: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

/** Whether a store of this machine is meant. */
export function isLocal({ local, store }: EventsOptions): boolean {
  return local === true || store !== undefined;
}

function readOption(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new CliError([{ message: `${option} ${file} cannot be read: ${code}` }]);
  }
}
