export interface Mount {
  type: string;
  path: string;
  why: string;
}
export function missingMounts(mountTable: string, wantedMounts?: readonly Mount[]): Mount[];
export function ensureMounts(say: (line: string) => void): void;
