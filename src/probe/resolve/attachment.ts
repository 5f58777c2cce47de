import { BadAttachError } from './planError.ts';
import type { Place } from './planError.ts';

/** spec.points[].attach, taken apart. */
export type Attachment =
  | { type: 'syscall' | 'ksyscall'; syscall: string }
  | { type: 'tracepoint'; category: string; name: string }
  | { type: 'raw_tracepoint'; name: string }
  | { type: 'kprobe' | 'kretprobe' | 'fentry' | 'fexit'; function: string }
  | { type: 'lsm'; hook: string }
  | { type: 'uprobe' | 'uretprobe'; symbol: string }
  | { type: 'usdt'; provider: string; name: string };

export const ATTACH_FORMS =
  'syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, ' +
  'kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME';

/** @throws {BadAttachError} when it is no TYPE/TARGET. */
export function parseAttachment(attach: string, place: Place): Attachment {
  const [, type, target = ''] = /^([a-z_]+)\/(.+)$/.exec(attach) ?? [];
  switch (type) {
    case 'syscall':
    case 'ksyscall':
      return { type, syscall: target };
    case 'tracepoint': {
      const [category = '', name = ''] = target.split('/');
      if (name !== '' && target.split('/').length === 2) return { type, category, name };
      break;
    }
    case 'raw_tracepoint':
      return { type, name: target };
    case 'kprobe':
    case 'kretprobe':
    case 'fentry':
    case 'fexit':
      return { type, function: target };
    case 'lsm':
      return { type, hook: target };
    case 'uprobe':
    case 'uretprobe':
      return { type, symbol: target };
    case 'usdt': {
      const [provider = '', name = ''] = target.split(':');
      if (name !== '') return { type, provider, name };
      break;
    }
  }
  throw new BadAttachError(place, `${JSON.stringify(attach)} is not TYPE/TARGET: use ${ATTACH_FORMS}`);
}
