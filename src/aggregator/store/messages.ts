import type { DropReason } from './retention.ts';
import type { FileUsage } from './database.ts';
import type { StoredBatch, StoreFrame } from './frame.ts';
import type { KnownProbe } from './knownProbes.ts';
import type { ReadChunk, ReadColumn, ReadParameter } from './readResult.ts';
import type { SourceLoss } from './sourceLoss.ts';
import type { StoreFailure } from './storeError.ts';

/*
 * What the store's thread is asked and answers. Every request is answered once, by its number, in whatever order; events
 * come by themselves.
 */

/** What can be asked of the store's thread: arguments and answers, plain data. */
export interface StoreCalls {
  add: { request: { frame: StoreFrame }; answer: StoredBatch[] };
  closeStream: { request: { stream: number }; answer: undefined };
  setProbes: { request: { probes: KnownProbe[] }; answer: undefined };
  loss: { request: { probeUid: string | undefined }; answer: SourceLoss[] };
  commit: { request: object; answer: undefined };
  retain: { request: object; answer: undefined };
  checkpoint: { request: object; answer: undefined };
  backup: { request: { path: string }; answer: undefined };
  /** Answers with the number of a reader. */
  openReader: { request: object; answer: number };
  read: {
    request: { reader: number; sql: string; parameters: readonly ReadParameter[] };
    answer: ReadColumn[];
  };
  nextChunk: { request: { reader: number }; answer: ReadChunk | undefined };
  interrupt: { request: { reader: number }; answer: undefined };
  closeReader: { request: { reader: number }; answer: undefined };
  close: { request: object; answer: undefined };
}

export type StoreCall = keyof StoreCalls;

export type StoreRequest = {
  [C in StoreCall]: { id: number; call: C } & StoreCalls[C]['request'];
}[StoreCall];

/** An error as it crosses threads. */
export interface SentError {
  kind: 'frame' | 'store';
  failure: StoreFailure;
  message: string;
}

export type StoreMessage =
  | { id: number; answer: unknown }
  | { id: number; error: SentError }
  | { event: 'ready' }
  /** It could not be opened. */
  | { event: 'refused'; error: SentError }
  | { event: 'committed'; rows: number; frames: number; milliseconds: number }
  /** Commits fail, and are tried again; undefined: they succeed again. */
  | { event: 'failing'; failing: { failure: StoreFailure; message: string } | undefined }
  | { event: 'dropped'; reasons: DropReason[] }
  | { event: 'measured'; usage: FileUsage };
