export interface Stamp {
  isFresh(): boolean;
  write(): void;
}
export function stamp(
  path: string,
  inputs: readonly (string | { text: string })[],
  outputs: readonly string[],
): Stamp;
export function touchChangedSince(time: number, files: readonly string[]): boolean;
export function filesBelow(directory: string, suffix: string): string[];
