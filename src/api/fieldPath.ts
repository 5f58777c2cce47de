/** Keys and list indices from the root of a document, such as ['spec', 'points', 0, 'name']. */
export type FieldPath = readonly (string | number)[];

/** Spelt as the API server does: spec.points[0].name. Control characters, which no real field has, are escaped. */
export function formatPath(path: FieldPath): string {
  return path
    .map((step, depth) =>
      typeof step === 'number' ? `[${step}]` : `${depth === 0 ? '' : '.'}${printable(step)}`,
    )
    .join('');
}

function printable(key: string): string {
  return key.replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
