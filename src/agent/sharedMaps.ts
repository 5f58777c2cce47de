import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { BpfMap, BpfObject, type MapOptions } from '../bpf/index.ts';
import { bpfObjectFile } from './bpfObjectFile.ts';

/** Maps that every object shares, named as in bpf/include/maps.h. */
export interface SharedMaps extends Disposable {
  readonly events: BpfMap;
  readonly counters: BpfMap;
  readonly gates: BpfMap;
  readonly workloads: BpfMap;
  readonly scratch_small: BpfMap;
  /** Made when the first probe with large values comes: 200 KiB a CPU and slot. */
  readonly scratch_large: () => BpfMap;
}

/** CPUs that may come online, by which programs index scratch: sysfs says "0-3" or "0-3,8-11". */
function possibleCpus(): number {
  try {
    const ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(',');
    return Math.max(...ranges.map((range) => Number(range.split('-').at(-1)))) + 1;
  } catch {
    return availableParallelism();
  }
}

/** Bytes of the ring unless told otherwise: 8 MiB for two CPUs, doubled with their number up to 64 MiB. */
function defaultRingBytes(cpus: number): number {
  return 2 ** Math.min(26, 22 + Math.ceil(Math.log2(Math.max(2, cpus))));
}

/**
 * Creates the maps, sized for this machine. They live until closed and until nothing uses them.
 * @param ringBytes bytes of the ring: a power of two, at least a page
 */
export function createSharedMaps(ringBytes?: number): SharedMaps {
  const cpus = possibleCpus();
  // Shapes come from an object that declares them all, scratch for one CPU; it is opened, never loaded.
  using shapes = BpfObject.open(bpfObjectFile('tracepoint'));
  const shapeOf = (name: string): MapOptions => {
    const { type, keySize, valueSize, flags, maxEntries } = shapes.map(name);
    return { name, type, keySize, valueSize, flags, maxEntries };
  };
  // Closed again when not all of them can be made.
  using kept = new DisposableStack();
  const create = (name: string, maxEntries?: number): BpfMap =>
    kept.use(BpfMap.create({ ...shapeOf(name), ...(maxEntries === undefined ? {} : { maxEntries }) }));
  const maps = {
    events: create('events', ringBytes ?? defaultRingBytes(cpus)),
    counters: create('counters'),
    gates: create('gates'),
    workloads: create('workloads'),
    scratch_small: create('scratch_small', cpus * shapes.map('scratch_small').maxEntries),
  };
  const largeOfCpu = shapeOf('scratch_large');
  const largeShape = { ...largeOfCpu, maxEntries: cpus * largeOfCpu.maxEntries };
  let large: BpfMap | undefined;
  kept.move();
  return {
    ...maps,
    scratch_large: () => (large ??= BpfMap.create(largeShape)),
    [Symbol.dispose]() {
      for (const map of Object.values(maps)) map.close();
      large?.close();
    },
  };
}
