import { existsSync, readFileSync } from 'node:fs';
import { arch } from 'node:process';

const machine: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * The bytes of build/bpf/ARCHITECTURE/NAME.bpf.o.
 * @throws Error naming the file when it has not been built
 */
export function bpfObjectFile(name: string): Buffer {
  const relative = `build/bpf/${machine[arch] ?? arch}/${name}.bpf.o`;
  // From src/agent/ and from the bundle in dist/cli/ the project's root is two levels up.
  const file = new URL(`../../${relative}`, import.meta.url);
  if (!existsSync(file)) throw new Error(`${relative} is missing: run "npm run build"`);
  return readFileSync(file);
}
