import { formatPath, type FieldPath } from './fieldPath.ts';
import { quoteLikeGo } from './quoteLikeGo.ts';

/**
 * Why a value of a document is refused. The words are those of the API server (k8s.io/apimachinery
 * pkg/util/validation/field, Kubernetes 1.34), so that a file is refused alike with and without a cluster.
 */
export interface Refusal {
  path: FieldPath;
  /** Complete and for people, such as `spec.points[0].attach: Required value`. */
  message: string;
  /** The key is what is wrong, not the value. */
  ofKey?: true;
  /** A suggestion that the API server would not make. */
  hint?: string;
  /** The value's shape is so wrong that CEL rules are not evaluated on the object. */
  blocking: boolean;
}

export function required(path: FieldPath, detail = ''): Refusal {
  return refusal(path, 'Required value', [detail], true);
}

export function forbidden(path: FieldPath, detail: string): Refusal {
  return refusal(path, 'Forbidden', [detail]);
}

export function invalid(path: FieldPath, value: unknown, detail: string): Refusal {
  return refusal(path, 'Invalid value', [render(value), detail]);
}

/** A value of another type than the schema's; `actual` is the JSON type that it has. */
export function wrongType(path: FieldPath, expected: string, actual: string): Refusal {
  const detail = `${formatPath(path)} in body must be of type ${expected}: ${quoteLikeGo(actual)}`;
  return refusal(path, 'Invalid value', [render(actual), detail], true);
}

export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): Refusal {
  const detail = `supported values: ${supported.map(quoteLikeGo).join(', ')}`;
  return refusal(path, 'Unsupported value', [render(value), detail], true);
}

export function tooLong(path: FieldPath, maximum: number): Refusal {
  return refusal(
    path,
    'Too long',
    [`may not be more than ${maximum} ${maximum === 1 ? 'byte' : 'bytes'}`],
    true,
  );
}

export function tooMany(path: FieldPath, actual: number, maximum: number): Refusal {
  const detail = `must have at most ${maximum} ${maximum === 1 ? 'item' : 'items'}`;
  return refusal(path, 'Too many', [render(actual), detail], true);
}

export function duplicate(path: FieldPath, value: unknown): Refusal {
  return refusal(path, 'Duplicate value', [render(value)]);
}

/** A key that the schema does not know, worded like kubectl's strict decoding. */
export function unknownField(path: FieldPath, nearest: string | undefined): Refusal {
  const message = `strict decoding error: unknown field "${formatPath(path)}"`;
  return {
    path,
    ofKey: true,
    message,
    ...(nearest !== undefined && { hint: `did you mean "${nearest}"?` }),
    blocking: true,
  };
}

export function duplicateField(path: FieldPath): Refusal {
  const message = `strict decoding error: duplicate field "${formatPath(path)}"`;
  return { path, ofKey: true, message, blocking: true };
}

function refusal(path: FieldPath, problem: string, details: string[], blocking = false): Refusal {
  const parts = [formatPath(path), problem, ...details.filter((detail) => detail !== '')];
  return { path, message: parts.join(': '), blocking };
}

function render(value: unknown): string {
  return typeof value === 'string' ? quoteLikeGo(value) : JSON.stringify(value);
}
