import { BpfObject } from '../bpf/index.ts';
import { bpfObjectFile } from './bpfObjectFile.ts';

/**
 * The map `pairs` of an object, in which the halves of a pair meet, for as long as the returned object is open. Task
 * storage is made with an object's type information, so the object is loaded with only that map.
 */
export function openPairStorage(file: string): BpfObject {
  const object = BpfObject.open(bpfObjectFile(file), { name: 'pairs' });
  try {
    for (const program of object.programs()) program.setAutoload(false);
    for (const map of object.maps()) if (map.name !== 'pairs') map.setAutocreate(false);
    return object.load();
  } catch (error) {
    object.close();
    throw error;
  }
}
