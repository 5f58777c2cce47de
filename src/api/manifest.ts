import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { checkTraceProbe } from './checkTraceProbe.ts';
import type { TraceProbe } from './gen/traceProbe.ts';
import { listItems } from './listItems.ts';
import { ManifestError, type LocatedRefusal } from './manifestError.ts';
import { formatPosition, type Locate, type Position } from './position.ts';
import { duplicate, type Refusal } from './refusal.ts';
import { yamlDocuments } from './yamlDocuments.ts';

/** A TraceProbe with its defaults applied, and where its values stand. */
export interface Manifest {
  probe: TraceProbe;
  locate: Locate;
}

/**
 * Reads TraceProbes from YAML or JSON files; `-` is standard input. Throws a ManifestError that lists what is wrong in
 * any of them, or with two probes of one name; errors of reading a file are passed on.
 */
export async function parseFiles(
  files: readonly string[],
  readStandardInput = (): Promise<string> => text(process.stdin),
): Promise<Manifest[]> {
  const problems: ManifestError[] = [];
  const manifests: Manifest[] = [];
  for (const file of files) {
    const content = await (file === '-' ? readStandardInput() : readFile(file, 'utf8'));
    try {
      manifests.push(...parseDocuments(content, file === '-' ? '<stdin>' : file));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      problems.push(error);
    }
  }
  const refusals = problems.flatMap((problem) => problem.refusals);
  refusals.push(...repeatedNames(manifests));
  if (refusals.length > 0)
    throw new ManifestError(
      refusals,
      problems.some(({ incomplete }) => incomplete),
    );
  return manifests;
}

/**
 * The TraceProbes of a text with any number of YAML or JSON documents, each one or a list of them; empty ones are
 * skipped. `source` names the text in positions. Throws a ManifestError.
 */
export function parseDocuments(content: string, source: string): Manifest[] {
  const manifests: Manifest[] = [];
  const refusals: LocatedRefusal[] = [];
  let incomplete = false;
  for (const document of yamlDocuments(content, source).flatMap(listItems)) {
    refusals.push(...document.refusals);
    if (document.refusals.length > 0 || document.value === null) continue;
    const checked = checkTraceProbe(document.value);
    if (checked.probe) {
      manifests.push({ probe: checked.probe, locate: document.locate });
    } else {
      refusals.push(...inOrder(checked.refusals, document.locate));
      incomplete ||= checked.incomplete;
    }
  }
  if (refusals.length > 0) throw new ManifestError(refusals, incomplete);
  return manifests;
}

/** On one host two probes of a name are a mistake; kubectl would apply one over the other. */
function repeatedNames(manifests: readonly Manifest[]): LocatedRefusal[] {
  const path = ['metadata', 'name'];
  const first = new Map<string, Position>();
  return manifests.flatMap(({ probe, locate }) => {
    const { name } = probe.metadata;
    const position = locate(path);
    const earlier = first.get(name);
    if (earlier) return [{ ...duplicate(path, name), hint: `also at ${formatPosition(earlier)}`, position }];
    first.set(name, position);
    return [];
  });
}

function inOrder(refusals: readonly Refusal[], locate: Locate): LocatedRefusal[] {
  return refusals
    .map((refusal) => ({ ...refusal, position: locate(refusal.path, refusal.ofKey && 'key') }))
    .sort(({ position: a }, { position: b }) => {
      return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
    });
}
