export type PackageReasons = Readonly<Record<string, string>>;
export const buildPackages: PackageReasons;
export const vmPackages: PackageReasons;
export const kernelBuildPackages: PackageReasons;
export function missingPackages(names: readonly string[], statuses: string): string[];
export function ensurePackages(reasons: PackageReasons, say: (line: string) => void): Promise<void>;
