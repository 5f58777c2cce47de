export function withoutSourceLines(file: Buffer): Buffer;
