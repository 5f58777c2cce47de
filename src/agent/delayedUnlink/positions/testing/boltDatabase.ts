/** What a bbolt database of the tests has: one bucket, its keys over so many leaf pages, or inline in its parent's. */
export interface BoltContent {
  bucket: string;
  entries: Record<string, Buffer>;
  /** What it had before its last transaction. Default: the same. */
  before?: Record<string, Buffer>;
  layout: 'inline' | 'leaf' | 'branch';
  transaction?: bigint;
  pageSize?: number;
}

type Element = [key: string, value: Buffer, flags: number];

const bucketElement = 1;

/** The bytes of a bbolt database (go.etcd.io/bbolt, format 2), laid out by its definition and not by our reader. */
export function boltDatabase(content: BoltContent): Buffer {
  const { bucket, entries, before, layout, transaction = 7n, pageSize = 4096 } = content;
  const pages: Buffer[] = [];
  const add = (page: (id: bigint) => Buffer): bigint => {
    const id = BigInt(4 + pages.length);
    const bytes = page(id);
    const whole = Buffer.alloc(Math.ceil(bytes.length / pageSize) * pageSize);
    bytes.copy(whole);
    whole.writeUInt32LE(whole.length / pageSize - 1, 12); // pages that it continues in
    for (let at = 0; at < whole.length; at += pageSize) pages.push(whole.subarray(at, at + pageSize));
    return id;
  };
  const addTree = (tree: Record<string, Buffer>): bigint => {
    const leaves = Object.entries(tree).map(([key, value]): Element => [key, value, 0]);
    const header = Buffer.alloc(16);
    let inline: Buffer = Buffer.alloc(0);
    if (layout === 'inline') inline = leafPage(0n, leaves);
    else if (layout === 'leaf') header.writeBigUInt64LE(add((id) => leafPage(id, leaves)));
    else {
      const children = leaves.map((leaf): [string, bigint] => [leaf[0], add((id) => leafPage(id, [leaf]))]);
      header.writeBigUInt64LE(add((id) => branchPage(id, children)));
    }
    return add((id) => leafPage(id, [[bucket, Buffer.concat([header, inline]), bucketElement]]));
  };
  const older = before && addTree(before);
  const newer = addTree(entries);
  const count = BigInt(4 + pages.length);
  const metas = [
    metaPage(transaction - 1n, older ?? newer, count, pageSize),
    metaPage(transaction, newer, count, pageSize),
  ];
  if (transaction % 2n === 0n) metas.reverse(); // each has its place
  return Buffer.concat([...metas, Buffer.alloc(2 * pageSize), ...pages]);
}

function metaPage(transaction: bigint, root: bigint, pages: bigint, pageSize: number): Buffer {
  const page = Buffer.alloc(pageSize);
  page.writeBigUInt64LE(transaction % 2n, 0);
  page.writeUInt16LE(0x04, 8);
  const meta = page.subarray(16, 80);
  meta.writeUInt32LE(0xed0cdaed, 0);
  meta.writeUInt32LE(2, 4);
  meta.writeUInt32LE(pageSize, 8);
  meta.writeBigUInt64LE(root, 16);
  meta.writeBigUInt64LE(2n, 32);
  meta.writeBigUInt64LE(pages, 40);
  meta.writeBigUInt64LE(transaction, 48);
  let hash = 0xcbf29ce484222325n;
  for (const byte of meta.subarray(0, 56))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  meta.writeBigUInt64LE(hash, 56);
  return page;
}

function leafPage(id: bigint, elements: readonly Element[]): Buffer {
  const page = elementsPage(id, 0x02, elements.length);
  const data: Buffer[] = [];
  let end = page.length;
  for (const [index, [key, value, flags]] of elements.entries()) {
    const at = 16 + 16 * index;
    page.writeUInt32LE(flags, at);
    page.writeUInt32LE(end - at, at + 4);
    page.writeUInt32LE(Buffer.byteLength(key), at + 8);
    page.writeUInt32LE(value.length, at + 12);
    data.push(Buffer.from(key), value);
    end += Buffer.byteLength(key) + value.length;
  }
  return Buffer.concat([page, ...data]);
}

function branchPage(id: bigint, children: readonly [string, bigint][]): Buffer {
  const page = elementsPage(id, 0x01, children.length);
  const data: Buffer[] = [];
  let end = page.length;
  for (const [index, [key, child]] of children.entries()) {
    const at = 16 + 16 * index;
    page.writeUInt32LE(end - at, at);
    page.writeUInt32LE(Buffer.byteLength(key), at + 4);
    page.writeBigUInt64LE(child, at + 8);
    data.push(Buffer.from(key));
    end += Buffer.byteLength(key);
  }
  return Buffer.concat([page, ...data]);
}

function elementsPage(id: bigint, flags: number, count: number): Buffer {
  const page = Buffer.alloc(16 + 16 * count);
  page.writeBigUInt64LE(id, 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  return page;
}
