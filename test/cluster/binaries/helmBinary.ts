import { join } from 'node:path';
import { cachedBinaries, requiredVersion } from './cachedBinaries.ts';

const recipeDirectory = new URL('helm', import.meta.url).pathname;

/**
 * Path of the helm that the tests of the chart run: $HELM where that is set, otherwise that of the cache, built into it
 * when it is not there yet (4 minutes from nothing on two processors). `say` is told what takes its time.
 */
export async function helmBinary(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (environment['HELM']) return environment['HELM'];
  const version = await requiredVersion(recipeDirectory, 'helm.sh/helm/v3');
  // v0.34.4 of a library is of Kubernetes 1.34, which `helm template` pretends to talk to.
  const [, minor = ''] = (await requiredVersion(recipeDirectory, 'k8s.io/client-go')).split('.');
  const capabilities = 'helm.sh/helm/v3/pkg/chartutil.k8sVersion';
  const directory = await cachedBinaries(
    'helm',
    {
      ...{ directory: recipeDirectory, title: `Helm ${version}`, version },
      variables: {
        'helm.sh/helm/v3/internal/version.version': version,
        [`${capabilities}Major`]: '1',
        [`${capabilities}Minor`]: minor,
      },
      packages: { helm: 'helm.sh/helm/v3/cmd/helm' },
    },
    say,
    environment,
  );
  return join(directory, 'helm');
}
