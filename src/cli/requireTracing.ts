import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { CliError } from './cliError.ts';

/** What decides whether anything can be traced at all. */
export interface Machine {
  platform: NodeJS.Platform;
  /** uname -r */
  release: string;
  uid: number;
  /** Effective capabilities, bit by bit (CapEff in /proc/self/status). */
  capabilities: bigint;
}

/** Numbers from linux/capability.h; SYS_ADMIN stands for the others where they are missing. */
export const capabilityNumbers = { CAP_SYS_ADMIN: 21n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;

/** Ring buffer, dynptr, task storage and cookies, as the programs use them, are in every kernel from here on. */
const oldestKernel = [6, 1] as const;

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    release: release(),
    uid: process.getuid?.() ?? -1,
    capabilities: process.platform === 'linux' ? effectiveCapabilities() : 0n,
  };
}

function effectiveCapabilities(): bigint {
  const hexadecimal = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return BigInt(`0x${hexadecimal ?? '0'}`);
}

/** Those of CAP_BPF and CAP_PERFMON that are missing and not made good by CAP_SYS_ADMIN. */
export function missingCapabilities(capabilities: bigint): string[] {
  const has = (name: keyof typeof capabilityNumbers): boolean =>
    ((capabilities >> capabilityNumbers[name]) & 1n) === 1n;
  if (has('CAP_SYS_ADMIN')) return [];
  return (['CAP_BPF', 'CAP_PERFMON'] as const).filter((name) => !has(name));
}

/**
 * Refuses a machine whose kernel cannot run probes.
 * @throws CliError with one sentence and what to do
 */
export function requireKernel({ platform, release: version }: Machine): void {
  if (platform !== 'linux') {
    throw refusal(
      `TraceProbe traces a Linux kernel, and this is ${platform}`,
      'run it on Linux 6.1 or later, for example in a virtual machine',
    );
  }
  const [major = 0, minor = 0] = version.split('.').map((number) => Number.parseInt(number, 10));
  if (major < oldestKernel[0] || (major === oldestKernel[0] && minor < oldestKernel[1])) {
    throw refusal(
      `TraceProbe needs Linux ${oldestKernel.join('.')} or later, and this is ${version}`,
      'boot a newer kernel: Debian 12, Ubuntu 24.04 and whatever came after them have one',
    );
  }
}

/**
 * Refuses a machine or a process that cannot run probes.
 * @throws CliError with one sentence and what to do
 */
export function requireTracing(machine: Machine): void {
  requireKernel(machine);
  const missing = missingCapabilities(machine.capabilities);
  if (missing.length === 0) return;
  if (machine.uid === 0) {
    throw refusal(
      `this root lacks ${missing.join(' and ')}, which loading probes takes`,
      'grant them: docker run --cap-add BPF --cap-add PERFMON, or securityContext.capabilities.add in Kubernetes',
    );
  }
  throw refusal(
    `loading probes takes root, or CAP_BPF and CAP_PERFMON, and this user lacks ${missing.join(' and ')}`,
    'run it with sudo',
  );
}

function refusal(message: string, hint: string): CliError {
  return new CliError([{ message, hints: [hint] }]);
}
