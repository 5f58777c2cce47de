import { afterEach, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { BpfError, BpfMap, ClosedError, mapFlags, synchronize } from '../../src/bpf/index.ts';
import { compileFixture } from './compileFixture.ts';
import { key, loadCounter, openCounter, value } from './loadCounter.ts';
import { openBpfFds } from './openFds.ts';

afterEach(() => {
  expect(openBpfFds()).toEqual([]);
});

function hash(maxEntries = 16): BpfMap {
  return BpfMap.create({ type: 'hash', name: 'numbers', keySize: 4, valueSize: 8, maxEntries });
}

/** The numbers of key and value. */
function numbers(entries: [Buffer, Buffer][]): [number, number][] {
  return entries
    .map(([k, v]): [number, number] => [k.readUInt32LE(), Number(v.readBigUInt64LE())])
    .sort(([a], [b]) => a - b);
}

const pin = `/sys/fs/bpf/traceprobe-test-${process.pid}`;

test('a map that was created tells its shape', () => {
  using map = hash();
  expect([map.name, map.type, map.keySize, map.valueSize, map.maxEntries, map.flags]).toEqual([
    'numbers',
    'hash',
    4,
    8,
    16,
    0,
  ]);
  expect(map.fd).toBeGreaterThan(2);
  expect(map.id).toBeGreaterThan(0);
  expect(map.memory).toBeGreaterThan(0);
});

test('a type that no libbpf knows is refused by name, a number goes to the kernel', () => {
  const shape = { keySize: 4, valueSize: 4, maxEntries: 1 };
  expect(() => BpfMap.create({ type: 'hush', ...shape })).toThrow(/options\.type must be .*, not "hush"/);
  expect(() => BpfMap.create({ type: 250, ...shape })).toThrow(/cannot create map '' \(type 250.*\(EINVAL\)/);
});

test('elements are looked up, updated, deleted and listed', () => {
  using map = hash();
  expect(map.lookup(key(1))).toBeUndefined();
  map.update(key(1), value(10));
  map.update(key(2), value(20));
  expect(map.lookup(key(2))).toEqual(value(20));
  expect(
    map
      .keys()
      .map((bytes) => bytes.readUInt32LE())
      .sort(),
  ).toEqual([1, 2]);
  expect(numbers(map.entries())).toEqual([
    [1, 10],
    [2, 20],
  ]);
  expect(map.delete(key(1))).toBe(true);
  expect(map.delete(key(1))).toBe(false);
  expect(map.lookupAndDelete(key(2))).toEqual(value(20));
  expect(map.entries()).toEqual([]);
});

test('an update can want the element absent or present', () => {
  using map = hash();
  expect(() => {
    map.update(key(1), value(1), 'present');
  }).toThrow(/\(ENOENT\)/);
  map.update(key(1), value(1), 'absent');
  expect(() => {
    map.update(key(1), value(2), 'absent');
  }).toThrow(/\(EEXIST\)/);
  map.update(key(1), value(3), 'present');
  expect(map.lookup(key(1))).toEqual(value(3));
  expect(() => {
    map.update(key(1), value(3), 'maybe' as never);
  }).toThrow(new TypeError('BpfMap.update: mode must be "any", "absent" or "present", not "maybe"'));
});

test('a full hash says so', () => {
  using map = hash(1);
  map.update(key(1), value(1));
  expect(() => {
    map.update(key(2), value(2));
  }).toThrow(/update an element of BpfMap 'numbers'.*\(E2BIG\).*full/);
});

test('keys and values of the wrong length or kind are refused with both', () => {
  using map = hash();
  expect(() => map.lookup(Buffer.alloc(3))).toThrow(
    new TypeError("BpfMap.lookup: key must be 4 bytes (BpfMap 'numbers'), not 3"),
  );
  expect(() => {
    map.update(key(1), Buffer.alloc(4));
  }).toThrow(new TypeError("BpfMap.update: value must be 8 bytes (BpfMap 'numbers'), not 4"));
  expect(() => map.lookup('seven' as never)).toThrow(/BpfMap\.lookup: key must be bytes .*, not "seven"/);
  expect(() => map.delete(undefined as never)).toThrow(/BpfMap\.delete: key must be bytes .*, not undefined/);
});

test('keys may be any view of bytes', () => {
  using map = hash();
  map.update(new Uint32Array([7]), new BigUint64Array([70n]));
  const inside = new Uint8Array([0, 0, 7, 0, 0, 0]).subarray(2);
  expect(map.lookup(inside)).toEqual(value(70));
  expect(map.lookup(new DataView(inside.slice().buffer))).toEqual(value(70));
  expect(map.lookup(new Uint32Array([7]).buffer)).toEqual(value(70));
});

test('ten thousand elements go in and out by batches', () => {
  using map = hash(20_000);
  const count = 10_000;
  const keys = new Uint32Array(count).map((_, i) => i);
  const values = new BigUint64Array(count).map((_, i) => BigInt(i) * 2n);
  map.updateBatch(keys, values, count);
  expect(numbers(map.entries())).toEqual(Array.from({ length: count }, (_, i) => [i, 2 * i]));

  const seen: number[] = [];
  let cursor: Buffer | undefined;
  do {
    const batch = map.lookupBatch(cursor, 999);
    for (let i = 0; i < batch.count; i++) seen.push(batch.keys.readUInt32LE(i * 4));
    cursor = batch.cursor;
  } while (cursor !== undefined);
  expect(new Set(seen).size).toBe(count);

  expect(map.deleteBatch(new Uint32Array([1, 99_999, 2]))).toBe(2);
  expect(map.lookup(key(2))).toBeUndefined();
  expect(map.keys()).toHaveLength(count - 2);
});

test('a batch can be taken out of the map', () => {
  using map = hash();
  for (const i of [1, 2, 3]) map.update(key(i), value(i));
  const batch = map.lookupAndDeleteBatch(undefined, 16);
  expect([batch.count, batch.cursor]).toEqual([3, undefined]);
  expect(map.keys()).toEqual([]);
});

test('a batch of the wrong length is refused', () => {
  using map = hash();
  expect(() => {
    map.updateBatch(Buffer.alloc(8), Buffer.alloc(8), 2);
  }).toThrow(/BpfMap\.updateBatch: values must be 2 × 8 bytes .*, not 8/);
  expect(() => map.lookupBatch(Buffer.alloc(3), 1)).toThrow(/cursor must be one that lookupBatch returned/);
  expect(() => map.lookupBatch(undefined, 0)).toThrow(/count must be positive/);
  expect(() => map.deleteBatch(Buffer.alloc(5))).toThrow(/keys must be a multiple of 4 bytes/);
});

test('a per-CPU map has a value for each possible CPU', () => {
  using map = BpfMap.create({ type: 'percpu_hash', name: 'each', keySize: 4, valueSize: 4, maxEntries: 4 });
  map.updatePerCpu(
    key(1),
    Array.from({ length: map.valueBytes / 8 }, (_, cpu) => key(cpu + 1)),
  );
  const values = map.lookupPerCpu(key(1)) ?? [];
  expect(values.length).toBeGreaterThanOrEqual(availableParallelism());
  expect(values.map((bytes) => bytes.readUInt32LE())).toEqual(values.map((_, cpu) => cpu + 1));
  expect(map.entriesPerCpu()).toEqual([[key(1), values]]);
  expect(map.lookupPerCpu(key(2))).toBeUndefined();
});

test('values of one CPU and of all are not mistaken for each other', () => {
  using each = BpfMap.create({ type: 'percpu_array', name: 'each', keySize: 4, valueSize: 4, maxEntries: 1 });
  using one = hash();
  one.update(key(1), value(1));
  expect(() => each.lookup(key(0))).toThrow(/has a value for each CPU; use BpfMap\.lookupPerCpu/);
  expect(() => {
    each.update(key(0), key(1));
  }).toThrow(/use BpfMap\.updatePerCpu/);
  expect(() => {
    each.updatePerCpu(key(0), [key(1).subarray(1)]);
  }).toThrow(/values must be \d+ × 4 bytes .*, not \[3\] bytes/);
  expect(() => one.lookupPerCpu(key(1))).toThrow(/is not per CPU/);
});

test('entries of a map without batches come one by one', () => {
  using inner = hash();
  using outer = BpfMap.create({
    type: 'hash_of_maps',
    name: 'outer',
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    innerMap: inner,
  });
  outer.update(key(1), key(inner.fd));
  // Programs find the map itself, system calls its id.
  expect(outer.entries()).toEqual([[key(1), key(inner.id)]]);
});

test('a queue has no keys', () => {
  using queue = BpfMap.create({ type: 'queue', name: 'queue', keySize: 0, valueSize: 8, maxEntries: 4 });
  const none = Buffer.alloc(0);
  queue.update(none, value(1));
  queue.update(none, value(2));
  expect(queue.lookupAndDelete(none)).toEqual(value(1));
  expect(queue.lookup(none)).toEqual(value(2));
});

test('mapped memory is the map’s own, the same for each call', () => {
  using object = loadCounter();
  const map = object.map('shared');
  const words = new BigUint64Array(map.mmap());
  expect(map.mmap()).toBe(words.buffer);
  expect(words.length).toBe(512);
  words[3] = 33n;
  expect(map.lookup(key(3))).toEqual(value(33));
  using _link = object.program('on_getpriority').attach();
  getPriority();
  expect(words[0]).toBe(1n);
});

test('closing a map empties the views of its memory', () => {
  const map = BpfMap.create({
    type: 'array',
    name: 'words',
    keySize: 4,
    valueSize: 8,
    maxEntries: 8,
    flags: mapFlags.mmapable,
  });
  const words = new BigUint64Array(map.mmap());
  words[0] = 1n;
  map.close();
  expect(words.length).toBe(0);
  expect(words[0]).toBeUndefined();
});

test('a view of mapped memory cannot be handed to another thread', () => {
  using map = BpfMap.create({
    type: 'array',
    name: 'words',
    keySize: 4,
    valueSize: 8,
    maxEntries: 8,
    flags: mapFlags.mmapable,
  });
  const buffer = map.mmap();
  expect(() => structuredClone(buffer, { transfer: [buffer] })).toThrow();
});

test('a map that cannot be mapped says why', () => {
  using map = hash();
  expect(() => map.mmap()).toThrow(
    /map the memory of BpfMap 'numbers'.*only arrays created with BPF_F_MMAPABLE/,
  );
});

test('a frozen map can be read but neither written nor mapped', () => {
  using map = BpfMap.create({
    type: 'array',
    name: 'words',
    keySize: 4,
    valueSize: 8,
    maxEntries: 8,
    flags: mapFlags.mmapable,
  });
  map.update(key(0), value(5));
  map.freeze();
  expect(map.lookup(key(0))).toEqual(value(5));
  expect(() => {
    map.update(key(0), value(6));
  }).toThrow(/\(EPERM\).*frozen/);
  expect(() => map.mmap()).toThrow(/\(EPERM\).*frozen/);
});

test('a pinned map outlives its object and is the same map when it is opened', () => {
  using object = loadCounter();
  object.map('counts').pin(pin);
  object.map('counts').update(key(9), value(9));
  expect(() => {
    object.map('counts').pin(pin);
  }).toThrow(BpfError);
  object.close();
  using opened = BpfMap.openPinned(pin);
  expect(opened.lookup(key(9))).toEqual(value(9));
  opened.unpin(pin);
  expect(existsSync(pin)).toBe(false);
  expect(() => {
    opened.unpin(pin);
  }).toThrow(/unpin BpfMap 'counts' from .*\(ENOENT\)/);
  expect(() => {
    opened.unpin('/etc/hostname');
  }).toThrow(BpfError);
});

test('a pin outside bpffs is refused with what to do', () => {
  using map = hash();
  expect(() => {
    map.pin('/tmp/traceprobe-map');
  }).toThrow(/\(EPERM\).*bpffs/);
  expect(() => {
    map.pin(`${pin}-nowhere/deeper`);
  }).toThrow(/\(ENOENT\).*directory does not exist/);
  expect(() => BpfMap.openPinned(pin)).toThrow(/open the map pinned at .*\(ENOENT\).*no pin of that name/);
});

test('an object uses a map of another one, its descriptor or its pin', () => {
  using first = loadCounter();
  first.map('counts').pin(pin);
  try {
    for (const source of [first.map('counts'), first.map('counts').fd, pin]) {
      using second = openCounter();
      second.map('counts').reuse(source);
      second.load();
      expect(second.map('counts').id).toBe(first.map('counts').id);
    }
  } finally {
    first.map('counts').unpin(pin);
  }
});

test('a map of another shape is not taken', () => {
  using narrow = BpfMap.create({ type: 'hash', name: 'narrow', keySize: 4, valueSize: 4, maxEntries: 4 });
  using object = openCounter();
  expect(() => {
    object.map('counts').reuse(narrow);
  }).toThrow(/its value size is 4, BpfMap 'counts' is declared with 8/);
  expect(() => {
    object.map('ring').reuse(narrow);
  }).toThrow(/its type is 1, BpfMap 'ring' is declared with 27/);
  expect(() => {
    object.map('counts').reuse(9999);
  }).toThrow(/reuse file descriptor 9999.*\(EBADFD?\)/);
  expect(() => {
    object.map('counts').reuse({ fd: 7 } as never);
  }).toThrow(/BpfMap\.reuse: source must be a BpfMap, .*, not \{ fd: 7 \}/);
});

test('a map with a pin path is made and pinned by load, and taken from there the next time', () => {
  const ids = [1, 2].map(() => {
    using object = openCounter();
    object.map('counts').setPinPath(pin);
    object.load();
    return object.map('counts').id;
  });
  using pinned = BpfMap.openPinned(pin);
  expect(ids).toEqual([pinned.id, pinned.id]);
  pinned.unpin(pin);
});

test('a program array runs the program in its slot until the slot is emptied', async () => {
  using object = loadCounter();
  const words = new BigUint64Array(object.map('shared').mmap());
  using _link = object.program('on_getpriority').attach();
  getPriority();
  expect(words[1]).toBe(0n);
  object.map('tails').update(key(0), key(object.program('tail').fd));
  getPriority();
  expect(words[1]).toBe(1n);
  expect(object.map('tails').delete(key(0))).toBe(true);
  await synchronize();
  getPriority();
  expect([words[0], words[1]]).toEqual([3n, 1n]);
});

test('closing twice is fine, and use after close names the map', () => {
  const map = hash();
  map.close();
  map.close();
  for (const use of [() => map.fd, () => map.type, () => map.keys(), () => map.entries(), () => map.memory]) {
    expect(use).toThrow(new ClosedError("BpfMap 'numbers'"));
  }
});

test('the fixture compiles once', () => {
  expect(compileFixture('counter')).toBe(compileFixture('counter'));
});
