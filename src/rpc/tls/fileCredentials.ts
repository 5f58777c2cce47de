import { readFileSync } from 'node:fs';
import { experimental, type ChannelCredentials, type ServerCredentials } from '@grpc/grpc-js';
import { CheckedCertificates } from './checkedCertificates.ts';

export interface IdentityFiles {
  /** PEM: the certificate and those between it and the CA. */
  certificateFile: string;
  /** PEM. */
  privateKeyFile: string;
}

export interface FileCredentialsOptions {
  /** How often the files are looked at. Default: 10 s. */
  refreshMilliseconds?: number;
  /** Is told why changed files are not used; those before stay in use. */
  onRefused?: (reason: string) => void;
}

/**
 * A server's certificate, read again when the file changes: connections made after that have the new one. Settled once
 * the files were read: a server that listens before resets its first connections.
 *
 * @throws Error when a file cannot be read now, or the key is not the certificate's
 */
export async function serverFileCredentials(
  files: IdentityFiles,
  options: FileCredentialsOptions = {},
): Promise<ServerCredentials> {
  for (const file of [files.certificateFile, files.privateKeyFile]) readFileSync(file);
  let loaded = (): void => undefined;
  let failed: (reason: string) => void = () => undefined;
  const provider = watched(
    { ...files },
    {
      ...options,
      onRefused: (reason) => {
        failed(reason);
        options.onRefused?.(reason);
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    loaded = resolve;
    failed = (reason) => {
      reject(new Error(`${files.certificateFile} and ${files.privateKeyFile}: ${reason}`));
    };
    provider.addIdentityCertificateListener(loaded);
  });
  failed = () => undefined;
  // Named the other way round in grpc-js 1.14's types: what comes first is the server's own certificate.
  const credentials = experimental.createCertificateProviderServerCredentials(provider, null, false);
  // It has the files by now, and goes on watching them only for a server that listens.
  setImmediate(() => {
    provider.removeIdentityCertificateListener(loaded);
  });
  return credentials;
}

/**
 * Trusts servers whose certificate a CA of the bundle signed; the bundle is read again when it changes.
 *
 * @throws Error when the file cannot be read now
 */
export function clientFileCredentials(
  caCertificateFile: string,
  options: FileCredentialsOptions = {},
): ChannelCredentials {
  readFileSync(caCertificateFile);
  return experimental.createCertificateProviderChannelCredentials(
    watched({ caCertificateFile }, options),
    null,
  );
}

function watched(
  files: Partial<IdentityFiles> & { caCertificateFile?: string },
  { refreshMilliseconds = 10_000, onRefused }: FileCredentialsOptions,
): CheckedCertificates {
  const source = new experimental.FileWatcherCertificateProvider({
    ...files,
    refreshIntervalMs: refreshMilliseconds,
  });
  return new CheckedCertificates(source, onRefused);
}
