import { readFileSync } from 'node:fs';
import { firstPointColumn, decodeBatch } from '../../src/codec/decodeBatch.ts';

/** How many events of the load's file are in an output: others open files too while it runs. */
export type CountEvents = (file: string, path: string) => number;

/** Lines that end with the path, as textbook and bpftrace print them. */
export const countLines: CountEvents = (file, path) => {
  const content = readFileSync(file);
  const wanted = Buffer.from(` ${path}\n`);
  let count = 0;
  for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + wanted.length)) count++;
  return count;
};

/** Records of peers/lean.c: struct lean_event (32 bytes, `length` at 12), the path and its NUL, padding to 8. */
export const countLeanRecords: CountEvents = (file, path) => {
  const content = readFileSync(file);
  const wanted = Buffer.from(`${path}\0`);
  let count = 0;
  for (let at = 0; at < content.length;) {
    const length = content.readUInt32LE(at + 12);
    if (content.compare(wanted, 0, wanted.length, at + 32, at + 32 + length) === 0) count++;
    at += (32 + length + 7) & ~7;
  }
  return count;
};

/** Batches behind their lengths whose first column is the path, as traceprobeChild.ts writes them. */
export const countBatchRows: CountEvents = (file, path) => {
  const content = readFileSync(file);
  let count = 0;
  for (let at = 0; at < content.length;) {
    const end = at + 4 + content.readUInt32LE(at);
    const column = decodeBatch(content.subarray(at + 4, end), ['String']).columns.get(firstPointColumn);
    if (column === undefined || !('codes' in column)) throw new Error(`a batch in ${file} has no paths`);
    const { codes, dictionary } = column;
    let code = 0;
    while (code < dictionary.size && dictionary.text(code) !== path) code++;
    for (const other of codes) if (other === code) count++;
    at = end;
  }
  return count;
};
