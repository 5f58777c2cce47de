import { BpfObject, type BpfMap } from '../bpf/index.ts';
import { bpfObjectFile } from './bpfObjectFile.ts';

/**
 * The map `pairs` of an object, in which the halves of a pair meet. Task storage is made with an object's type
 * information, so the object is loaded with only that map.
 */
export function openPairStorage(file: string): BpfMap {
  using object = BpfObject.open(bpfObjectFile(file), { name: 'pairs' });
  for (const program of object.programs()) program.setAutoload(false);
  for (const map of object.maps()) if (map.name !== 'pairs') map.setAutocreate(false);
  return object.load().map('pairs').duplicate();
}
