import { dirname } from 'node:path';
import { missingCapabilities, requireKernel, type Machine } from '../requireTracing.ts';
import { limited, missing, ok, type Finding } from './findings.ts';

/** Files of /proc and /sys that tell what this machine is like; undefined: not there or not readable. */
export interface MachineFiles {
  read: (path: string) => string | undefined;
  exists: (path: string) => boolean;
}

/** Beside CAP_BPF and CAP_PERFMON: what other capabilities are good for. */
const usefulCapabilities = [
  {
    bit: 21n,
    name: 'CAP_SYS_ADMIN',
    without:
      'limits.cpuPercentPerNode is not kept, "traceprobe programs" measures nothing, and kernels with the fix of CVE-2025-38466 refuse uprobes',
  },
  { bit: 2n, name: 'CAP_DAC_READ_SEARCH', without: 'tracefs and files of other users may not be readable' },
] as const;

/**
 * Kernel, processor, capabilities, lockdown, mounts, settings: what everything else depends on.
 *
 * @param pinDirectory where an agent pins counters here
 */
export function machineFindings(
  machine: Machine,
  architecture: string,
  files: MachineFiles,
  pinDirectory = '/sys/fs/bpf',
): Finding[] {
  return [
    kernel(machine),
    ['x64', 'arm64'].includes(architecture)
      ? ok('processor', architecture)
      : missing('processor', architecture, 'programs are built for x64 and arm64 alone'),
    ...capabilities(machine),
    lockdown(files),
    tracefs(files),
    bpffs(files, pinDirectory),
    debugfs(files),
    files.exists('/sys/kernel/btf/vmlinux')
      ? ok('BTF', '/sys/kernel/btf/vmlinux')
      : missing(
          'BTF',
          'no /sys/kernel/btf/vmlinux',
          'programs cannot be fitted to this kernel: boot one built with CONFIG_DEBUG_INFO_BTF',
        ),
    jit(files),
  ];
}

function kernel(machine: Machine): Finding {
  try {
    requireKernel(machine);
    return ok('kernel', `Linux ${machine.release}`);
  } catch (error) {
    return missing('kernel', `${machine.platform} ${machine.release}`, (error as Error).message);
  }
}

function capabilities({ capabilities: effective, uid }: Machine): Finding[] {
  const lacking = missingCapabilities(effective);
  const needed =
    lacking.length === 0
      ? ok('capabilities', 'CAP_BPF and CAP_PERFMON')
      : missing(
          'capabilities',
          `without ${lacking.join(' and ')}`,
          uid === 0
            ? 'nothing can be loaded: grant them to this container'
            : 'nothing can be loaded: run this as root',
        );
  const others = usefulCapabilities.flatMap(({ bit, name, without }) =>
    ((effective >> bit) & 1n) === 1n ? [] : [limited(name, 'not there', without)],
  );
  return [needed, ...others];
}

function lockdown(files: MachineFiles): Finding {
  const text = files.read('/sys/kernel/security/lockdown');
  const mode = text === undefined ? 'not known' : (/\[(\w+)\]/.exec(text)?.[1] ?? 'none');
  if (mode !== 'confidentiality') return ok('lockdown', mode);
  return limited(
    'lockdown',
    mode,
    'kprobes are forbidden, and kernel memory cannot be read: strings and members come out empty',
  );
}

function tracefs(files: MachineFiles): Finding {
  const path = '/sys/kernel/tracing';
  const command = `mount -t tracefs tracefs ${path}`;
  if (!isMounted(files, 'tracefs', path)) {
    return limited(
      'tracefs',
      `not mounted at ${path}`,
      `tracepoints and system calls are not found: ${command}`,
    );
  }
  return files.read(`${path}/events/header_page`) === undefined
    ? limited('tracefs', 'not readable', 'tracepoints and system calls are not found: reading it takes root')
    : ok('tracefs', path);
}

/** @param directory where counters are pinned, on a bpffs or to be made there */
function bpffs(files: MachineFiles, directory: string): Finding {
  for (let path = directory; path !== '/'; path = dirname(path)) {
    if (isMounted(files, 'bpf', path)) return ok('bpffs', path);
  }
  const without = 'counters do not outlive a killed agent; what it had captured is not known';
  return limited('bpffs', `not mounted at ${directory}`, `${without}: mount -t bpf bpf /sys/fs/bpf`);
}

function debugfs(files: MachineFiles): Finding {
  if (isMounted(files, 'debugfs', '/sys/kernel/debug')) return ok('debugfs', '/sys/kernel/debug');
  const without = 'which functions forbid kprobes or allow an override is not known before trying';
  return limited(
    'debugfs',
    'not mounted at /sys/kernel/debug',
    `${without}: mount -t debugfs debugfs /sys/kernel/debug`,
  );
}

function isMounted({ read }: MachineFiles, type: string, path: string): boolean {
  return (read('/proc/self/mounts') ?? '').split('\n').some((line) => {
    const [, at, kind] = line.split(' ');
    return at === path && kind === type;
  });
}

function jit({ read }: MachineFiles): Finding {
  return read('/proc/sys/net/core/bpf_jit_enable')?.trim() === '0'
    ? limited(
        'BPF JIT',
        'off',
        'programs are interpreted, several times slower, and fentry and fexit do not work: sysctl net.core.bpf_jit_enable=1',
      )
    : ok('BPF JIT', 'on');
}
