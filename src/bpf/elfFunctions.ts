import { addon } from './addon.ts';

/**
 * The functions that an executable or library defines, of both symbol tables: what attachUprobe can take as symbol.
 * @throws BpfError when it cannot be read or is no ELF file
 */
export function elfFunctions(path: string): string[] {
  return addon().elfFunctions(path);
}
