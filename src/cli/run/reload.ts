import type { Manifest } from '../../api/index.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { problemsOf } from '../problemsOf.ts';
import type { PlannedProbe } from './planProbes.ts';
import type { Session } from './session.ts';

export interface ReloadOptions {
  session: Session;
  context: CliContext;
  /** The probes as files say now. @throws CliError */
  read: () => Promise<Manifest[]>;
  /** Their plans. @throws CliError */
  plan: (manifests: readonly Manifest[]) => PlannedProbe[];
}

/**
 * Brings what runs in line with files that have changed: changed probes get a new generation without a gap, new ones
 * start, those that are gone stop. When anything is wrong with the files, everything goes on as it was.
 */
export async function reload({ session, context, read, plan }: ReloadOptions): Promise<void> {
  const { stderr } = context;
  try {
    const manifests = await read();
    const running = session.running;
    const changed = manifests
      .filter((manifest) => !session.runs(uidOf(manifest), manifest))
      .map((manifest) => nextGeneration(manifest, running.get(uidOf(manifest))));
    const planned = plan(changed);
    const problems = await session.apply(planned);
    reportProblems(stderr, problems);
    if (problems.length > 0) stderr.line('What these probes were before goes on.');
    const present = new Set(manifests.map(uidOf));
    for (const uid of running.keys())
      if (!present.has(uid)) await session.stop(uid, 'it is gone from its file');
    for (const { plan: applied } of planned) {
      const manifest = session.running.get(applied.uid);
      if (manifest?.probe.metadata.generation !== Number(applied.generation)) continue;
      stderr.line(`${applied.name}: generation ${applied.generation} runs.`);
    }
  } catch (error) {
    reportProblems(stderr, problemsOf(error));
    stderr.line('Nothing was changed: what ran before goes on.');
  }
}

function uidOf({ probe: { metadata } }: Manifest): string {
  return metadata.uid ?? metadata.name;
}

function nextGeneration(manifest: Manifest, before: Manifest | undefined): Manifest {
  const { probe } = manifest;
  const generation =
    before === undefined ? (probe.metadata.generation ?? 1) : (before.probe.metadata.generation ?? 1) + 1;
  return { ...manifest, probe: { ...probe, metadata: { ...probe.metadata, generation } } };
}
