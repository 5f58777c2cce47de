import { join } from 'node:path';
import { cachedBinaries, requiredVersion } from '../cluster/binaries/cachedBinaries.ts';

const recipeDirectory = new URL('recipe', import.meta.url).pathname;

/**
 * Path of an OpenTelemetry Collector with filelog, file_storage and a file exporter: in the cache, built into it when it
 * is not there yet (1 to 3 minutes on two processors). Statically linked, so that it runs in the VMs too. `say` is told
 * what takes its time.
 */
export async function otelCollectorBinary(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const version = await requiredVersion(recipeDirectory, 'go.opentelemetry.io/collector/otelcol');
  const directory = await cachedBinaries(
    'otel-collector',
    {
      ...{ directory: recipeDirectory, title: `OpenTelemetry Collector ${version}`, version },
      variables: {},
      packages: { otelcollector: './otelcollector' },
    },
    say,
    environment,
  );
  return join(directory, 'otelcollector');
}
