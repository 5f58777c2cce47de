import { createTarGzip } from 'nanotar';
import type { BundlePart } from './bundlePart.ts';

export interface Missing {
  path: string;
  /** Why it could not be had. */
  reason: string;
}

/**
 * Reads all parts and packs them; what cannot be had is named with its reason in MISSING.txt.
 *
 * @returns a .tar.gz, and what is not in it
 */
export async function collectBundle(
  parts: readonly BundlePart[],
  absent: readonly Missing[] = [],
): Promise<{ archive: Uint8Array; missing: readonly Missing[] }> {
  const files: { name: string; data: string }[] = [];
  const missing = [...absent];
  for (const { path, read } of parts) {
    try {
      files.push({ name: path, data: await read() });
    } catch (error) {
      missing.push({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const text = missing.map(({ path, reason }) => `${path}: ${reason}\n`).join('');
  if (missing.length > 0) files.unshift({ name: 'MISSING.txt', data: text });
  return { archive: await createTarGzip(files, { attrs: { mode: '600', uid: 0, gid: 0 } }), missing };
}
