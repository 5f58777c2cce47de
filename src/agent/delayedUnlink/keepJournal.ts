import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file whose deleter was told that it is gone, as it is written down. */
export interface KeptNote {
  /** keyOf its FileKey. */
  key: string;
  probeUid: string;
  /** Of the pattern, as the node calls it. */
  root: string;
  relativePath: string;
  /** st_ino: the kernel's own number may be another one. */
  inode: string;
  /** Milliseconds since 1970. */
  since: number;
}

type Line = { kept: KeptNote } | { gone: string };

/** Lines that are of no use any more, before the file is written anew. */
const uselessLines = 4096;

/**
 * What is kept, on disk: after a power cut nothing else knows that the deleter of a file that is there again was told
 * that it had gone. One line a file that is kept or goes; what cannot be read (the end, after a power cut) is left out.
 */
export class KeepJournal implements Disposable {
  readonly #path: string;
  readonly #notes: Map<string, KeptNote>;
  #fd: number;
  #useless = 0;
  #unsynced = false;

  /** @throws Error when the file cannot be read or written */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#notes = readNotes(path);
    this.#fd = this.#rewritten();
  }

  /** What was kept when this was written last. */
  get notes(): readonly KeptNote[] {
    return [...this.#notes.values()];
  }

  keep(note: KeptNote): void {
    this.#notes.set(note.key, note);
    this.#write({ kept: note });
  }

  gone(key: string): void {
    if (!this.#notes.delete(key)) return;
    this.#write({ gone: key });
    this.#useless += 2;
    if (this.#useless > uselessLines) {
      closeSync(this.#fd);
      this.#fd = this.#rewritten();
    }
  }

  /** From here on it outlives a power cut. */
  sync(): void {
    if (!this.#unsynced) return;
    fdatasyncSync(this.#fd);
    this.#unsynced = false;
  }

  close(): void {
    this.sync();
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(line: Line): void {
    writeSync(this.#fd, `${JSON.stringify(line)}\n`);
    this.#unsynced = true;
  }

  #rewritten(): number {
    const temporary = `${this.#path}.new`;
    const fd = openSync(temporary, 'w', 0o600);
    for (const kept of this.#notes.values()) writeSync(fd, `${JSON.stringify({ kept })}\n`);
    fdatasyncSync(fd);
    renameSync(temporary, this.#path);
    this.#useless = 0;
    return fd;
  }
}

function readNotes(path: string): Map<string, KeptNote> {
  const notes = new Map<string, KeptNote>();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return notes;
    throw error;
  }
  for (const line of text.split('\n')) {
    const parsed = parse(line);
    if (parsed === undefined) continue;
    if ('kept' in parsed) notes.set(parsed.kept.key, parsed.kept);
    else notes.delete(parsed.gone);
  }
  return notes;
}

function parse(text: string): Line | undefined {
  let line: Partial<{ kept: Partial<KeptNote> | null; gone: unknown }> | null;
  try {
    line = JSON.parse(text) as typeof line;
  } catch {
    return undefined;
  }
  if (typeof line?.gone === 'string') return { gone: line.gone };
  const kept = line?.kept;
  return isNote(kept) ? { kept } : undefined;
}

function isNote(note: Partial<KeptNote> | null | undefined): note is KeptNote {
  const { key, probeUid, root, relativePath, inode, since } = note ?? {};
  return (
    [key, probeUid, root, relativePath, inode].every((part) => typeof part === 'string') &&
    typeof since === 'number'
  );
}
