import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** What figures depend on, in words, without names of the machine. */
export function machineFacts(usedCpus: readonly number[]): string[] {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  // The part of a version that a builder of kernels put in may name the machine; the numbers do not.
  const version = /^\d+\.\d+(\.\d+)?/.exec(release())?.[0] ?? release();
  const hypervisor = /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return [
    `${model}${hypervisor ? ' (a virtual machine)' : ''}, ${cpus().length} CPUs of which ${usedCpus.length} are used, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${version}`,
  ];
}
