import type { ColumnType, FieldKind, FilterNode, PointPlan } from '../probe/plan.ts';

/** How the records of one slot become columns (native/capture/record_schema.h). */
export interface RecordSchema {
  /** Index of the point's counters: tp_record.slot. */
  slot: number;
  /** tp_record.schema. */
  schema: number;
  /** Index of the probe's gate. */
  gate: number;
  probeUid: string;
  generation: bigint;
  /** Index of the point in spec.points. */
  point: number;
  /** Only of workloads that select the probe's gate. Default: of all. */
  scoped?: boolean;
  /** With `scoped`: also of interrupts, which are nobody's. Default: yes. */
  host?: boolean;
  columns: {
    type: ColumnType;
    kind: Exclude<FieldKind, 'none'>;
    /** Index among the words of a record, which has one for each field that is recorded. */
    wordIndex: number;
    /** Bit of tp_record.faults: the index of the field. */
    faultBit: number;
    /** false: only the filter looks at it. */
    visible: boolean;
  }[];
  /** Native remainder of the filter; empty: every event passes. */
  filter: FilterNode[];
}

/**
 * The schema of a point's records.
 *
 * @throws Error when a column's field is not recorded: a fault of whoever made the plan
 */
export function recordSchema(
  plan: Pick<PointPlan, 'name' | 'fields' | 'columns' | 'nativeFilter'>,
  place: Omit<RecordSchema, 'columns' | 'filter'>,
): RecordSchema {
  const columns = plan.columns.map(({ name, type, field, visible }) => {
    const kind = plan.fields[field]?.kind ?? 'none';
    if (kind === 'none') {
      throw new Error(
        `plan of point '${plan.name}': column '${name}' is of field ${field}, which is not recorded`,
      );
    }
    const wordIndex = plan.fields.slice(0, field).filter((before) => before.kind !== 'none').length;
    return { type, kind, wordIndex, faultBit: field, visible };
  });
  return { ...place, columns, filter: plan.nativeFilter };
}
