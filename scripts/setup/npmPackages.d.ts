export function ensureNpmPackages(
  root: string,
  say: (line: string) => void,
  install?: (root: string) => boolean,
): void;
