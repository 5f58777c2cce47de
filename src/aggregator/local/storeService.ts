import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { BackupResponseSchema, type StoreService } from '../../rpc/gen/traceprobe/v1/store_pb.ts';
import type { Handlers } from '../../rpc/serve.ts';
import type { Store } from '../store/store.ts';

/** StoreService of store.proto. */
export function storeService(store: Pick<Store, 'backup'>): Handlers<typeof StoreService> {
  return {
    backup({ request: { path } }, callback) {
      backup(store, path).then(
        (bytes) => {
          callback(null, create(BackupResponseSchema, { bytes: BigInt(bytes) }));
        },
        (error: unknown) => {
          callback(refusal(`back up to ${path}: ${error instanceof Error ? error.message : String(error)}`));
        },
      );
    },
  };
}

/** @returns bytes of the copy */
async function backup(store: Pick<Store, 'backup'>, path: string): Promise<number> {
  if (!isAbsolute(path)) throw new Error('the path is not absolute');
  if (await exists(path)) throw new Error('there is a file already, and it is not overwritten');
  await store.backup(path);
  return (await stat(path)).size;
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

function refusal(details: string): ServiceError {
  return Object.assign(new Error(details), {
    code: status.FAILED_PRECONDITION,
    details,
    metadata: new Metadata(),
  });
}
