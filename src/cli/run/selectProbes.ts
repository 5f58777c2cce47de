import type { Manifest } from '../../api/index.ts';
import type { Problem } from '../cliError.ts';
import { formatPosition } from '../../api/index.ts';

/** Probes that are to run here, and what of their manifests means something else on one machine than in a cluster. */
export function selectProbes(manifests: readonly Manifest[]): { selected: Manifest[]; warnings: Problem[] } {
  const warnings: Problem[] = [];
  const selected = manifests.filter(({ probe: { metadata, spec }, locate }) => {
    const at = (key: string): string => `${formatPosition(locate(['spec', key]))}: probe ${metadata.name}`;
    if (spec.suspend) {
      warnings.push({ message: `${at('suspend')} is suspended and does not run` });
      return false;
    }
    if (spec.scope !== undefined) {
      warnings.push({
        message: `${at('scope')} selects by Kubernetes, which is not asked here: the whole machine is traced`,
      });
    }
    return true;
  });
  return { selected, warnings };
}
