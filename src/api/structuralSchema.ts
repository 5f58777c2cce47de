/**
 * The part of a structural schema (apiextensions.k8s.io/v1) that crds/traceprobes.yaml uses. A keyword that is
 * missing here is refused by scripts/generate-api.ts, so none is silently ignored.
 */
export interface StructuralSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: 'int64' | 'date-time';
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  required?: string[];
  default?: unknown;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  /** In Unicode code points. */
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A CEL rule over `self` (and `oldSelf`, then only checked when an object is changed). */
export interface ValidationRule {
  rule: string;
  message?: string;
  /** CEL expression that makes the message; `message` stands in where it fails. */
  messageExpression?: string;
  /** Child of the node that the refusal is about, with a leading dot. */
  fieldPath?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
}
