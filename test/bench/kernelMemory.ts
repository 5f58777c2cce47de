import { readdirSync, readFileSync } from 'node:fs';

/** Bytes of kernel memory, by two ways of counting. */
export interface KernelMemory {
  /**
   * What the kernel says of this process's maps and programs (memlock in fdinfo). Exact and quiet, but without
   * subprograms, machine code, type information and links.
   */
  accounted: number;
  /**
   * What the machine has in use for such things (/proc/meminfo): all of it, but of every process. Slab is not
   * reclaimable slab, so that other processes' directory entries are not in it.
   */
  used: number;
}

/** Kernel memory as it is now. */
export function readKernelMemory(): KernelMemory {
  return { accounted: accountedBytes(), used: usedBytes() };
}

function accountedBytes(): number {
  const objects = new Map<string, number>(); // several descriptors may be of one map
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    const text = readIfOpen(`/proc/self/fdinfo/${fd}`);
    const id = /^(?:map|prog)_id:\s*\d+$/m.exec(text)?.[0];
    const memlock = /^memlock:\s*(\d+)$/m.exec(text)?.[1];
    if (id !== undefined && memlock !== undefined) objects.set(id, Number(memlock));
  }
  return [...objects.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function usedBytes(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return ['SUnreclaim', 'VmallocUsed', 'Percpu'].reduce((sum, name) => {
    const kibibytes = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1];
    return sum + 1024 * Number(kibibytes ?? 0);
  }, 0);
}

/** The descriptor that listed the directory is closed by now. */
function readIfOpen(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
