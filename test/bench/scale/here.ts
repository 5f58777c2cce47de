import { fileURLToPath } from 'node:url';

/** Path of a file beside this one. */
export function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
