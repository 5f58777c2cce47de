import type { FieldPath, TraceProbePoint } from '../../api/index.ts';
import { parseAttachment } from './attachment.ts';
import type { Hook } from './hook.ts';
import { syscallHook } from './hooks/syscallHook.ts';
import { tracepointHook } from './hooks/tracepointHook.ts';
import type { KernelView } from './kernelView.ts';
import { UnsupportedError } from './planError.ts';
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
  _binary: BinaryLookup = ({ path: file }) => file,
): Hook {
  const place: Place = { path: [...path, 'attach'] };
  const attachment = parseAttachment(point.attach, place);
  switch (attachment.type) {
    case 'syscall':
      return syscallHook(attachment.syscall, kernel, place);
    case 'tracepoint':
      return tracepointHook(attachment.category, attachment.name, kernel, place);
    default:
      throw new UnsupportedError(
        place,
        attachment.type,
        `${attachment.type} is not supported yet by this version of TraceProbe`,
      );
  }
}
