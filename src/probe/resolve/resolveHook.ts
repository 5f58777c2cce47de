import type { FieldPath, TraceProbePoint } from '../../api/index.ts';
import { parseAttachment } from './attachment.ts';
import type { Hook } from './hook.ts';
import { functionHook } from './hooks/functionHook.ts';
import { ksyscallHook } from './hooks/ksyscallHook.ts';
import { lsmHook } from './hooks/lsmHook.ts';
import { rawTracepointHook } from './hooks/rawTracepointHook.ts';
import { syscallHook } from './hooks/syscallHook.ts';
import { tracepointHook } from './hooks/tracepointHook.ts';
import { uprobeHook } from './hooks/uprobeHook.ts';
import type { KernelView } from './kernelView.ts';
import { BinaryUnreadableError, UnsupportedError } from './planError.ts';
import type { Place } from './planError.ts';

/** Finds the file of a uprobe on this host; undefined: there is none. */
export type BinaryLookup = (binary: { path: string; root: 'Containers' | 'Host' }) => string | undefined;

/**
 * The place that a point attaches to, on this kernel.
 * @param path of the point in the document
 * @throws {PlanError} when it does not exist or cannot be probed
 */
export function resolveHook(
  point: Pick<TraceProbePoint, 'attach' | 'binary'>,
  path: FieldPath,
  kernel: KernelView,
  binary: BinaryLookup = ({ path: file }) => file,
): Hook {
  const place: Place = { path: [...path, 'attach'] };
  const attachment = parseAttachment(point.attach, place);
  switch (attachment.type) {
    case 'syscall':
      return syscallHook(attachment.syscall, kernel, place);
    case 'ksyscall':
      return ksyscallHook(attachment.syscall, kernel, place);
    case 'tracepoint':
      return tracepointHook(attachment.category, attachment.name, kernel, place);
    case 'raw_tracepoint':
      return rawTracepointHook(attachment.name, kernel, place);
    case 'kprobe':
    case 'kretprobe':
    case 'fentry':
    case 'fexit':
      return functionHook(attachment, kernel, place);
    case 'lsm':
      return lsmHook(attachment.hook, kernel, place);
    case 'uprobe':
    case 'uretprobe': {
      const binaryPlace: Place = { path: [...path, 'binary', 'path'] };
      const file = point.binary && binary(point.binary);
      if (file === undefined) {
        const wanted = point.binary?.path ?? 'the binary';
        throw new BinaryUnreadableError(binaryPlace, `there is no ${wanted} here`);
      }
      return uprobeHook(attachment.type, attachment.symbol, file, kernel, {
        attach: place,
        binary: binaryPlace,
      });
    }
    case 'usdt':
      throw new UnsupportedError(
        place,
        'usdt',
        `usdt is not supported yet by this version of TraceProbe: a uprobe on the function that ${attachment.provider}:${attachment.name} lies in may do`,
      );
  }
}
