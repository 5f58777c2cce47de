import { resolve } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { StorePaths } from '../../aggregator/local/storePaths.ts';
import { createClient } from '../../rpc/createClient.ts';
import { StoreService } from '../../rpc/gen/traceprobe/v1/store_pb.ts';
import type { CliContext } from '../cliContext.ts';
import { callError } from '../read/callError.ts';
import { connectOrOpen } from './localEvents.ts';
import { requireStore } from './openStore.ts';

/**
 * Copies a store to a file, also while a run or an aggregator adds to it.
 *
 * @throws CliError
 */
export async function backupStore(paths: StorePaths, file: string, context: CliContext): Promise<void> {
  await requireStore(paths);
  await using opened = await connectOrOpen(paths, context);
  const socket = opened?.socket ?? paths.socket;
  const client = createClient(StoreService, `unix:${socket}`, credentials.createInsecure());
  try {
    const { bytes } = await client.backup({ path: resolve(file) });
    context.stdout.line(`${file}: ${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`);
  } catch (error) {
    throw callError(error);
  } finally {
    client.close();
  }
}
