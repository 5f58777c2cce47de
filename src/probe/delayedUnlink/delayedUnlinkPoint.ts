import type { ColumnType, PointPlan } from '../plan.ts';
import { wholeValue } from '../resolve/valuePlan.ts';

interface FileColumn {
  name: string;
  type: ColumnType;
  /** Of a string; 0: an integer. */
  maxBytes: number;
}

/** What an event of a file says, in the order of the record's words. */
export const fileColumns = [
  { name: 'action', type: 'String', maxBytes: 32 },
  { name: 'why', type: 'String', maxBytes: 64 },
  { name: 'path', type: 'String', maxBytes: 4096 },
  { name: 'size', type: 'Int64', maxBytes: 0 },
  { name: 'unread', type: 'Int64', maxBytes: 0 },
  { name: 'age', type: 'Duration', maxBytes: 0 },
  { name: 'inode', type: 'Uint64', maxBytes: 0 },
] as const satisfies readonly FileColumn[];

/** The point of a delayedUnlink: the agent tells what it does with files. */
export function delayedUnlinkPoint(note: string): PointPlan {
  return {
    name: 'files',
    attach: 'delayedUnlink',
    programs: [
      {
        ...{ object: 'report', program: 'report', role: 'single', hook: { type: 'report' } },
        ...{ predicates: [], argumentCount: 0, interrupts: false },
      },
    ],
    fields: fileColumns.map(({ maxBytes }) => ({
      value: wholeValue('none', false),
      kind: maxBytes > 0 ? 'string' : 'integer',
      early: false,
      user: false,
      lengthField: undefined,
      maxBytes,
    })),
    columns: fileColumns.map(({ name, type }, field) => ({ name, type, field, visible: true })),
    nativeFilter: [],
    filterSource: { kernel: [], native: [] },
    large: false,
    notes: [note],
  };
}
