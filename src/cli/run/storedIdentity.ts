import { createHash } from 'node:crypto';
import type { Manifest } from '../../api/index.ts';
import type { Store } from '../../aggregator/store/store.ts';

/**
 * Says what probes of files are to a store. There a probe is its UID, which only a cluster gives: here its name makes
 * one, so that the next run of the same file goes on in the same table; each run is a generation, for files change.
 *
 * @returns what gives manifests their UID and the generation that this run begins with
 */
export async function storedIdentity(store: Store): Promise<(manifest: Manifest) => Manifest> {
  await using reader = await store.openReader();
  const rows = await reader.rows(
    'SELECT probe_uid, max(generation) AS generation FROM meta.points GROUP BY 1',
  );
  const generations = new Map(rows.map((row) => [String(row['probe_uid']), Number(row['generation'])]));
  return (manifest) => {
    const { metadata } = manifest.probe;
    const uid = nameUid(metadata.name);
    const generation = (generations.get(uid) ?? 0) + 1;
    return { ...manifest, probe: { ...manifest.probe, metadata: { ...metadata, uid, generation } } };
  };
}

/** Of the form that a cluster's UIDs have. */
function nameUid(name: string): string {
  const digits = createHash('sha256').update(`traceprobe run ${name}`).digest('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ].join('-');
}
