import {
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Tags,
} from 'yaml';
import { locateIn } from './locateIn.ts';
import type { LocatedRefusal } from './manifestError.ts';
import type { Locate, Position } from './position.ts';
import { duplicateField } from './refusal.ts';

/** One document of a YAML stream. */
export interface YamlDocument {
  /** Plain objects, lists, strings, finite or other numbers, booleans and null. */
  value: unknown;
  /** Syntax errors and repeated keys; `value` is to be ignored if there are any. */
  refusals: LocatedRefusal[];
  locate: Locate;
}

/**
 * Reads YAML (JSON is a part of it) as kubectl does: YAML 1.1, in which yes, no, on and off are booleans, and dates are
 * strings. `source` names the text in positions.
 */
export function yamlDocuments(content: string, source: string): YamlDocument[] {
  const lineCounter = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { source, line, column: col };
  };
  const options = {
    version: '1.1',
    customTags: withoutSpecialTypes,
    stringKeys: true,
    resolveKnownTags: false,
    // Found by repeatedKeys, which can say where.
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter,
  } as const;
  return [...parseAllDocuments(content, options)].map((document) => {
    const [start] = document.range;
    const problems = document.errors.map(({ message, pos }) => syntaxError(message, at(pos[0])));
    const value = problems.length > 0 ? undefined : valueOf(document);
    if (value instanceof ReferenceError) problems.push(syntaxError(value.message, at(start)));
    if (problems.length > 0) return { value: undefined, refusals: problems, locate: () => at(start) };
    return { value, refusals: repeatedKeys(document, at), locate: locateIn(document, content, at) };
  });
}

/** An alias without an anchor, or aliases that multiply without end, are only found out now. */
function valueOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (error instanceof ReferenceError) return error;
    throw error;
  }
}

function syntaxError(message: string, position: Position): LocatedRefusal {
  return { path: [], message: `YAML: ${message}`, blocking: true, position };
}

/** kubectl's YAML has no dates, no base-60 numbers and no sets. */
function withoutSpecialTypes(tags: Tags): Tags {
  const special = /:(binary|omap|pairs|set|timestamp)$/;
  return tags.filter((tag) => {
    return typeof tag === 'string' || (!special.test(tag.tag) && !('format' in tag && tag.format === 'TIME'));
  });
}

/** Positions of the second and later appearances of a key. */
function repeatedKeys(document: Document, at: (offset: number) => Position): LocatedRefusal[] {
  const refusals: LocatedRefusal[] = [];
  visit(document, {
    Map(_, map, ancestors) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = String(key);
        if (seen.has(name) && isScalar(key)) {
          const path = [...pathTo([...ancestors, map]), name];
          refusals.push({ ...duplicateField(path), position: at(key.range?.[0] ?? 0) });
        }
        seen.add(name);
      }
    },
  });
  return refusals;
}

function pathTo(ancestors: readonly unknown[]): (string | number)[] {
  return ancestors.flatMap((node, depth): (string | number)[] => {
    if (isPair(node)) return [String(node.key)];
    return isSeq(node) && depth + 1 < ancestors.length ? [node.items.indexOf(ancestors[depth + 1])] : [];
  });
}
