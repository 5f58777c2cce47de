import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/**
 * Replaces a file by another content: whoever reads it, after whatever happens, finds the old one or the new one.
 * @throws Error when the disk is full or read-only; the old content stays
 */
export function writeAtomically(file: string, content: Uint8Array): void {
  const next = `${file}.next`;
  const fd = openSync(next, 'w', 0o600);
  try {
    let written = 0;
    while (written < content.length) written += writeSync(fd, content, written);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, file);
}
