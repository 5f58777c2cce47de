import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata } from '@grpc/grpc-js';
import type { StorePaths } from '../../aggregator/local/storePaths.ts';
import { createClient } from '../../rpc/createClient.ts';
import { EventsService } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import type { CliContext } from '../cliContext.ts';
import { CliError } from '../cliError.ts';
import { clientOptions, type Events } from '../read/events.ts';
import { fileProblem } from './fileProblem.ts';
import { openStoreToRead, requireStore, StoreInUseError, type OpenStore } from './openStore.ts';

export interface LocalEvents extends Events {
  /** Another process has the store open. */
  isLive: boolean;
}

/** How long another command that only looks at the store may have it open. */
const patienceMs = 5000;

/**
 * The events of a store on this machine: of whoever has it open, such as a run that stores just now; otherwise it is
 * opened here.
 *
 * @throws CliError
 */
export async function localEvents(paths: StorePaths, context: CliContext): Promise<LocalEvents> {
  await requireStore(paths);
  const opened = await connectOrOpen(paths, context);
  const socket = opened?.socket ?? paths.socket;
  const client = createClient(EventsService, `unix:${socket}`, credentials.createInsecure(), clientOptions);
  return {
    isLive: opened === undefined,
    client,
    credentials: () => Promise.resolve(new Metadata()),
    [Symbol.asyncDispose]: async () => {
      client.close();
      await opened?.[Symbol.asyncDispose]();
    },
  };
}

/** @returns the store, if it was opened here; undefined: its socket answers */
export async function connectOrOpen(paths: StorePaths, context: CliContext): Promise<OpenStore | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (await answers(paths)) return undefined;
    try {
      return await openStoreToRead(paths, context);
    } catch (error) {
      if (!(error instanceof StoreInUseError) || performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** @throws CliError when this user may not ask */
async function answers({ directory, socket }: StorePaths): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    connection.on('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES') reject(new CliError([fileProblem(error, 'the store in', directory)]));
      else resolve(false);
    });
  });
}
