import { readFileSync } from 'node:fs';

/** Of this build, as package.json says it: two levels up from src/cli/ and from the bundle in dist/. */
export function version(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
