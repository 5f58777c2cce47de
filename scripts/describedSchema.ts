import type { StructuralSchema } from '../src/api/structuralSchema.ts';

/** A schema as the CRD has it, with the descriptions that src/api leaves out. */
export type DescribedSchema = StructuralSchema & {
  description?: string;
  properties?: Record<string, DescribedSchema>;
  additionalProperties?: DescribedSchema;
  items?: DescribedSchema;
};
