import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KernelFeatures } from '../../bpf/index.ts';
import { waysToHold } from '../../probe/delayedUnlink/unlinkMode.ts';
import type { AgentLog } from '../agentLog.ts';
import { DelayedUnlinks } from './delayedUnlinks.ts';
import type { FileEvent } from './fileEvent.ts';
import { KeepJournal } from './keepJournal.ts';
import { serveKeptFiles, type KeptFilesServer } from './keptFilesServer.ts';
import { UnlinkHooks } from './unlinkHooks.ts';

export interface UnlinkPlaces {
  /** Used where it is on a bpffs; else what is kept is deleted when the agent ends. */
  pinDirectory?: string;
  /** Of the journal. */
  dataDirectory: string;
  /** Where `traceprobe held` asks. */
  socket: string;
  /** Where the node's file system is for this process; default: where it is. */
  hostRoot?: string;
}

/** An earlier life of the agent left files that it kept. */
export function hasKeptFiles({ pinDirectory, dataDirectory }: UnlinkPlaces): boolean {
  const journal = journalFile(dataDirectory);
  const pinned = pinDirectory !== undefined && existsSync(join(pinDirectory, 'control'));
  return pinned || (existsSync(journal) && statSync(journal).size > 0);
}

/**
 * What delays deletions on this machine, with its journal and the socket of `traceprobe held`.
 * @throws BpfError, VerifierError; Error when the journal cannot be used
 */
export function openDelayedUnlinks(
  places: UnlinkPlaces,
  tell: (uid: string, event: FileEvent) => void,
  log: AgentLog,
): DelayedUnlinks {
  const { dataDirectory, socket, hostRoot } = places;
  const pinDirectory =
    places.pinDirectory !== undefined && isOnBpffs(places.pinDirectory) ? places.pinDirectory : undefined;
  using features = new KernelFeatures();
  // Where neither is, opening says why.
  const [attach = 'fmod_ret'] = waysToHold(features);
  return new DelayedUnlinks({
    openHooks: () => UnlinkHooks.open({ attach, ...(pinDirectory !== undefined && { pinDirectory }) }),
    openJournal: () => new KeepJournal(journalFile(dataDirectory)),
    ...(hostRoot !== undefined && { hostRoot }),
    pinned: pinDirectory !== undefined,
    serve: (files): Promise<KeptFilesServer> => serveKeptFiles(socket, files),
    tell,
    log,
  });
}

/** BPF_FS_MAGIC of linux/magic.h. */
const bpffs = 0xcafe4a11;

/** Of a directory that need not be there yet. */
function isOnBpffs(directory: string): boolean {
  if (existsSync(directory)) return statfsSync(directory).type === bpffs;
  const above = dirname(directory);
  return above !== directory && isOnBpffs(above);
}

function journalFile(dataDirectory: string): string {
  return join(dataDirectory, 'kept.jsonl');
}
