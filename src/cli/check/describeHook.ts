import type { Hook } from '../../probe/plan.ts';

/** Where a program is attached, as its documentation calls it: "tracepoint syscalls/sys_enter_openat". */
export function describeHook(hook: Hook): string {
  switch (hook.type) {
    case 'tracepoint':
      return `tracepoint ${hook.category}/${hook.name}`;
    case 'rawTracepoint':
      return `raw tracepoint ${hook.name}`;
    case 'ksyscall':
    case 'kretsyscall':
      return `${hook.type} ${hook.syscall}`;
    case 'lsm':
      return `lsm ${hook.hook}`;
    case 'report':
      return 'told by the agent';
    case 'uprobe':
    case 'uretprobe':
      return `${hook.type} ${hook.path}:${hook.symbol}`;
    default:
      return `${hook.type} ${hook.function}`;
  }
}
