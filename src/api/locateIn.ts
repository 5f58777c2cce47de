import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { FieldPath } from './fieldPath.ts';
import type { Locate, Position } from './position.ts';
import { scalarOffset } from './scalarOffset.ts';

/** A Locate for a YAML document of `content`; `at` turns an offset of `content` into a position. */
export function locateIn(document: Document, content: string, at: (offset: number) => Position): Locate {
  return (path, offset) => {
    const found = find(document, path);
    if (offset !== undefined && found.complete && isScalar(found.value)) {
      return at(scalarOffset(found.value, content, offset));
    }
    return at(found.start);
  };
}

interface Found {
  value: Node | null;
  /** Where to point: at a scalar itself, at the key or list item of anything larger. */
  start: number;
  /** false: the path leads further than the document. */
  complete: boolean;
}

function find(document: Document, path: FieldPath): Found {
  let value = resolve(document, document.contents);
  let start = value?.range?.[0] ?? 0;
  for (const step of path) {
    let next: unknown;
    let nextStart: number | undefined;
    if (isMap(value)) {
      // The last one counts, where a key is repeated.
      const pair = value.items.findLast(({ key }) => String(key) === step);
      if (!pair) return { value, start, complete: false };
      next = pair.value;
      nextStart = isNode(pair.key) ? pair.key.range?.[0] : undefined;
    } else if (isSeq(value) && typeof step === 'number' && step < value.items.length) {
      next = value.items[step];
    } else {
      return { value, start, complete: false };
    }
    const own = isNode(next) ? next.range?.[0] : undefined;
    value = resolve(document, isNode(next) ? next : null);
    const empty = isScalar(value) && value.value === null;
    start = (isScalar(value) && !empty ? own : (nextStart ?? own)) ?? start;
  }
  return { value, start, complete: true };
}

function resolve(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}
