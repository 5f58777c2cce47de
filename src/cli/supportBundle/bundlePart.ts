/** One file of a bundle. */
export interface BundlePart {
  /** Its path in the archive. */
  path: string;
  /** Rejects with why it cannot be had. */
  read: () => Promise<string>;
}

/** A value for people and programs. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
