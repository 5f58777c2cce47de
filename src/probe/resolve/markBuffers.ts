import type { CType } from './cType.ts';
import type { HookArgument } from './hookValues.ts';

/** A character pointer followed by its length is a buffer that need not end with a NUL. */
export function markBuffers(args: HookArgument[]): HookArgument[] {
  return args.map((argument, index) => {
    const next = args[index + 1];
    const isBuffer = isText(argument.type) && next !== undefined && isLength(next);
    return isBuffer ? { ...argument, buffer: true } : argument;
  });
}

function isText(type: CType): boolean {
  return type.kind === 'pointer' && type.target.kind === 'integer' && type.target.char;
}

function isLength({ name, type }: HookArgument): boolean {
  return type.kind === 'integer' && (type.text === 'size_t' || /len|size|count|bufsiz/.test(name));
}
