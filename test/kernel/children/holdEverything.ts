import { getPriority } from 'node:os';
import {
  Btf,
  BpfMap,
  enableStats,
  KernelFeatures,
  mapFlags,
  RingBuffer,
  type BpfObject,
} from '../../../src/bpf/index.ts';
import { loadCounter } from '../loadCounter.ts';

/** One of everything that the binding can hold open, in use. What is returned keeps it from the garbage collector. */
export function holdEverything(): { ring: RingBuffer; object: BpfObject; held: unknown[] } {
  const object = loadCounter();
  const link = object.program('on_getpriority').attach();
  const raw = object.program('on_any').attach();
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
  const ring = RingBuffer.open(object.map('ring'));
  const features = new KernelFeatures();
  features.probe('fentry');
  const btf = Btf.vmlinux();
  getPriority();
  return { ring, object, held: [link, raw, map, words, features, btf, enableStats()] };
}
