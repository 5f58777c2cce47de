import { existsSync } from 'node:fs';
import { arch } from 'node:process';
import { fileURLToPath } from 'node:url';

const machine: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * The path of build/bpf/ARCHITECTURE/NAME.bpf.o, which has no source lines: the kernel would keep them for as long as
 * the program runs.
 * @param sourceLines the same object with them, for the verifier's log
 * @throws Error naming the file when it has not been built
 */
export function bpfObjectFile(name: string, { sourceLines = false } = {}): string {
  const relative = `build/bpf/${machine[arch] ?? arch}/${sourceLines ? 'lines/' : ''}${name}.bpf.o`;
  // From src/agent/ and from the bundle in dist/cli/ the project's root is two levels up.
  const file = fileURLToPath(new URL(`../../${relative}`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${relative} is missing: run "npm run build"`);
  return file;
}
