import { readFileSync } from 'node:fs';
import { enableStats, type RunStatistics } from '../bpf/index.ts';

/**
 * The kernel counts runs and time of every BPF program until close(). Switching that on takes CAP_SYS_ADMIN, and agents
 * seldom have it; a node whose sysctl kernel.bpf_stats_enabled is 1 counts always, and lets everybody see it.
 *
 * @param sysctl for tests, as `enable`
 * @throws Error that says what to do
 */
export function measurePrograms(
  sysctl = '/proc/sys/kernel/bpf_stats_enabled',
  enable: () => RunStatistics = enableStats,
): RunStatistics {
  try {
    return enable();
  } catch (error) {
    if (isOn(sysctl)) return { close: () => undefined, [Symbol.dispose]: () => undefined };
    const advice =
      'set the sysctl kernel.bpf_stats_enabled of the node to 1, or give the agent CAP_SYS_ADMIN';
    throw new Error(`${(error as Error).message}: ${advice}`, { cause: error });
  }
}

function isOn(sysctl: string): boolean {
  try {
    return readFileSync(sysctl, 'utf8').trim() === '1';
  } catch {
    // Linux 5.1 and later have it, if they were built with BPF.
    return false;
  }
}
