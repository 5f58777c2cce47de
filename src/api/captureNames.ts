import { celReservedWords, reservedNames } from './eventFields.ts';

/**
 * A column name for each capture path: its last member (args.dentry.d_name.name: name), with an earlier one before it
 * where that is reserved, taken or another path's as well (args.pid: arg_pid; args.old.name and args.new.name:
 * old_name, new_name).
 */
export function captureNames(paths: readonly string[], taken: readonly string[] = []): string[] {
  const unusable = new Set([...reservedNames, ...celReservedWords, ...taken]);
  const members = paths.map(membersOf);
  const names = members.map((_, index) => candidate(members, index, 1));
  const deepest = Math.max(0, ...members.map(({ length }) => length));
  for (let depth = 2; depth <= deepest; depth++) {
    const clashing = names.map(
      (name, index) =>
        unusable.has(name) || names.indexOf(name) !== index || names.lastIndexOf(name) !== index,
    );
    for (const [index, clashes] of clashing.entries())
      if (clashes) names[index] = candidate(members, index, depth);
  }
  for (const [index, name] of names.entries()) {
    for (let count = 2; names.indexOf(names[index] ?? '') < index; count++) names[index] = `${name}_${count}`;
  }
  return names;
}

/** The last member, after the one `depth` - 1 before it, as far as there is one. */
function candidate(members: string[][], index: number, depth: number): string {
  const path = members[index] ?? [];
  const last = path.at(-1) ?? '';
  const before = depth === 1 ? undefined : (path.at(-depth) ?? path[0]);
  return (before === undefined || path.length === 1 ? last : `${before}_${last}`).slice(0, 63);
}

/** Members of a path in the letters that a name may have; indices are left out, and args counts as arg. */
function membersOf(path: string): string[] {
  const members = path
    .split(/[.[\]]+/)
    .map((member) =>
      member
        .toLowerCase()
        .replace(/[^a-z0-9_]+/g, '_')
        .replace(/^[^a-z]+/, ''),
    )
    .filter((member) => member !== '');
  return members.length > 1 && members[0] === 'args' ? ['arg', ...members.slice(1)] : members;
}
