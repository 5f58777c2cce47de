import { naturalColumn } from '../../probe/resolve/columnValue.ts';
import type { CType, StructType } from '../../probe/resolve/cType.ts';
import type { HookValues } from '../../probe/resolve/hookValues.ts';
import { PlanError, type Place } from '../../probe/resolve/planError.ts';
import { formatValuePath, parseValuePath } from '../../probe/resolve/valuePath.ts';
import { rootNames, walkValue } from '../../probe/resolve/walkValue.ts';

/** Something that can be captured at a hook, or led on from. */
export interface FieldRow {
  /** What a capture's value says: args.dentry.d_name */
  path: string;
  cType: string;
  /** Type of the column it makes by itself; undefined: it makes none. */
  column: string | undefined;
  /** Members that paths can go on with. */
  members: number;
  /** Why it cannot be read. */
  unreadable: string | undefined;
}

const nowhere: Place = { path: [] };

/** Arguments or fields, the result and the duration. */
export function hookRows(values: HookValues): FieldRow[] {
  const named = values.args.map(({ name }, index) => (name === '' ? `args.arg${index}` : `args.${name}`));
  const untyped = Array.from({ length: values.untyped }, (_, index) => `args.arg${index}`);
  const others = rootNames(values).filter((root) => root !== 'args');
  const rows = [...named, ...(named.length === 0 ? untyped : []), ...others].map((path) => {
    return fieldRow(path, values);
  });
  return rows.map((row, index) => ({ ...row, unreadable: row.unreadable ?? values.args[index]?.unreadable }));
}

/**
 * Members of what a path leads to.
 * @throws PlanError when the path leads nowhere
 */
export function memberRows(path: string, values: HookValues): FieldRow[] {
  const parts = parseValuePath(path)?.parts;
  const struct = parts === undefined ? undefined : structOf(walkValue(parts, values, nowhere).type);
  return (struct?.members ?? []).map(({ name }) => fieldRow(`${path}.${name}`, values));
}

function fieldRow(path: string, values: HookValues): FieldRow {
  const parts = parseValuePath(path)?.parts ?? ['args'];
  try {
    const at = walkValue(parts, values, nowhere);
    return {
      path: formatValuePath(parts),
      cType: at.type.text,
      column: naturalColumn(at)?.type,
      members: structOf(at.type)?.members.length ?? 0,
      unreadable: undefined,
    };
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const argument = values.args.find(({ name }) => `args.${name}` === path);
    return {
      path,
      cType: argument?.type.text ?? '',
      column: undefined,
      members: 0,
      unreadable: error.message,
    };
  }
}

function structOf(type: CType): StructType | undefined {
  const target = type.kind === 'pointer' ? type.target : type;
  return target.kind === 'struct' ? target : undefined;
}
