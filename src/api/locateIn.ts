import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { FieldPath } from './fieldPath.ts';
import type { Locate, Position } from './position.ts';
import { scalarOffset } from './scalarOffset.ts';

/** A Locate for a YAML document of `content`; `at` turns an offset of `content` into a position. */
export function locateIn(document: Document, content: string, at: (offset: number) => Position): Locate {
  return (path, part) => {
    const { value, start, keyStart } = find(document, path);
    if (typeof part === 'number' && isScalar(value)) return at(scalarOffset(value, content, part));
    return at(part === 'key' ? keyStart : start);
  };
}

interface Found {
  value: Node | null;
  /** The scalar itself; the key or list item of anything larger or empty. */
  start: number;
  /** The key or list item. */
  keyStart: number;
}

/** What is at `path`, or as far as the document goes along it. */
function find(document: Document, path: FieldPath): Found {
  const root = resolve(document, document.contents);
  let found: Found = { value: root, start: startOf(root) ?? 0, keyStart: startOf(root) ?? 0 };
  for (const step of path) {
    const next = child(found.value, step);
    if (!next) break;
    const value = resolve(document, next.value);
    const valueStart = startOf(next.value);
    const keyStart = startOf(next.key) ?? valueStart ?? found.keyStart;
    const isText = isScalar(value) && value.value !== null;
    found = { value, start: (isText ? valueStart : undefined) ?? keyStart, keyStart };
  }
  return found;
}

function child(parent: Node | null, step: string | number): { key: unknown; value: unknown } | undefined {
  // The last one counts where a key is repeated, as it does in the value.
  if (isMap(parent)) return parent.items.findLast(({ key }) => String(key) === step);
  if (!isSeq(parent) || typeof step === 'string' || step >= parent.items.length) return undefined;
  return { key: undefined, value: parent.items[step] };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** The node itself, or what an alias stands for. */
function resolve(document: Document, node: unknown): Node | null {
  if (isAlias(node)) return node.resolve(document) ?? null;
  return isNode(node) ? node : null;
}
