/** A file as the kernel knows it; on btrfs and overlayfs stat() tells another device or inode. */
export interface FileKey {
  /** The kernel's dev_t: major << 20 | minor. */
  device: bigint;
  inode: bigint;
  /** Tells files apart that had the same inode number one after the other. */
  generation: number;
}

/** As text, for maps and logs: "device:inode:generation". */
export function keyOf({ device, inode, generation }: FileKey): string {
  return `${device}:${inode}:${generation}`;
}

/** st_dev of the file, where stat() tells the same device as the kernel knows. */
export function statDevice({ device }: FileKey): bigint {
  const [major, minor] = [device >> 20n, device & 0xfffffn];
  return (minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n);
}

/** struct du_file: u64 inode, u32 device, u32 generation. */
export function encodeFileKey({ device, inode, generation }: FileKey): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(inode, 0);
  bytes.writeUInt32LE(Number(device), 8);
  bytes.writeUInt32LE(generation, 12);
  return bytes;
}

export function decodeFileKey(bytes: Buffer): FileKey {
  return {
    inode: bytes.readBigUInt64LE(0),
    device: BigInt(bytes.readUInt32LE(8)),
    generation: bytes.readUInt32LE(12),
  };
}
