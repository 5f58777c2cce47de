import { ServerCredentials } from '@grpc/grpc-js';
import { isLoopback } from '../rpc/isLoopback.ts';
import { serverFileCredentials } from '../rpc/tls/fileCredentials.ts';
import { usageError } from './cliError.ts';
import type { ServerLog } from './createServerLog.ts';

/** What the commands that serve are told of TLS. */
export interface ServerTlsOptions {
  /** host:port */
  listen: string;
  tlsCertFile?: string;
  tlsKeyFile?: string;
  insecureLoopback: boolean;
}

/**
 * TLS from files; none only where loopback alone is listened on and that was asked for.
 *
 * @returns undefined when neither was said
 * @throws CliError
 */
export async function serverCredentials(
  { listen, tlsCertFile, tlsKeyFile, insecureLoopback }: ServerTlsOptions,
  log: ServerLog,
): Promise<ServerCredentials | undefined> {
  if (insecureLoopback) {
    if (!isLoopback(listen)) {
      throw usageError(
        `--insecure-loopback: ${listen} is no loopback address`,
        'tokens would cross the network in clear: give --tls-cert-file and --tls-key-file',
      );
    }
    return ServerCredentials.createInsecure();
  }
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return undefined;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw usageError('a certificate and its key belong together: give --tls-cert-file and --tls-key-file');
  }
  const onRefused = (reason: string): void => {
    log('warn', 'a changed certificate is not used', { reason });
  };
  return serverFileCredentials({ certificateFile: tlsCertFile, privateKeyFile: tlsKeyFile }, { onRefused });
}
