import { KubeConfig } from '@kubernetes/client-node';
import { CliError } from './cliError.ts';

/**
 * The kubeconfig of a file, else as kubectl finds it, else of the pod that this runs in.
 *
 * @param otherwise what else can be done where there is none, for the error
 * @throws CliError
 */
export function loadKubeConfig(file: string | undefined, otherwise: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError([
      { message: `the kubeconfig ${file ?? ''} cannot be read: ${message}`.replace('  ', ' ') },
    ]);
  }
  // What the client makes up when it finds none: localhost:8080.
  if (file === undefined && kubeConfig.getCurrentContext() === 'loaded-context') {
    throw new CliError([
      {
        message: 'there is no kubeconfig that says which cluster',
        hints: [`set KUBECONFIG, say --kubeconfig FILE, or ${otherwise}`],
      },
    ]);
  }
  return kubeConfig;
}
