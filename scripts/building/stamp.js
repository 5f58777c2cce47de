import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Whether something was made from just these inputs.
 * `inputs` are paths of files and whatever else the outputs depend on (flags, versions) as `{ text }`.
 */
export function stamp(path, inputs, outputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    if (typeof input === 'string') hash.update(`${input}\0`).update(readFileSync(input));
    else hash.update(input.text);
    hash.update('\0');
  }
  const digest = hash.digest('hex');
  return {
    isFresh: () => outputs.every((output) => existsSync(output)) && read(path) === digest,
    write() {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, digest);
    },
  };
}

/** Paths of the files below a directory whose name ends so, sorted; none when there is no such directory. */
export function filesBelow(directory, suffix) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/**
 * Makes those of the files that changed at `time` (milliseconds since 1970) or later newer than everything that was made
 * of them meanwhile. Were there any?
 */
export function touchChangedSince(time, files) {
  const changed = files.filter((file) => statSync(file).mtimeMs >= time);
  const now = new Date();
  for (const file of changed) utimesSync(file, now, now);
  return changed.length > 0;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
