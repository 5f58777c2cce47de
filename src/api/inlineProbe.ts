import { captureNames } from './captureNames.ts';
import { checkTraceProbe } from './checkTraceProbe.ts';
import { eventFields } from './eventFields.ts';
import type { FieldPath } from './fieldPath.ts';
import { traceProbeResource } from './gen/schema.ts';
import type { Manifest } from './manifest.ts';
import { ManifestError } from './manifestError.ts';
import type { Locate } from './position.ts';

/** A probe of one point as it is given on a command line. */
export interface InlineProbe {
  attach: string;
  /** Each `path`, `path:Type`, `name=path` or `name:Type=path`. Empty: every field there is. */
  capture?: readonly string[] | undefined;
  filter?: string | undefined;
  /** Path on this host of the program or library that a uprobe, uretprobe or usdt point lies in. */
  binary?: string | undefined;
  /** Left out: made of the attach target. */
  name?: string | undefined;
}

/**
 * The TraceProbe that command-line options stand for. Its positions name the option, such as `--capture args.x`.
 * Throws a ManifestError, in the words that a file would be refused with.
 */
export function inlineProbe({ attach, capture = [], filter, binary, name }: InlineProbe): Manifest {
  const pointName = nameOfTarget(attach);
  const point = {
    name: pointName,
    attach,
    ...(capture.length > 0 && { capture: captureItems(capture) }),
    ...(filter !== undefined && { filter }),
    ...(binary !== undefined && { binary: { path: binary, root: 'Host' } }),
  };
  const { apiVersion, kind } = traceProbeResource;
  const checked = checkTraceProbe({
    apiVersion,
    kind,
    metadata: { name: name ?? pointName },
    spec: { points: [point] },
  });
  const locate = locateOption(capture);
  if (checked.probe) return { probe: checked.probe, locate };
  const refusals = checked.refusals.map((refusal) => ({ ...refusal, position: locate(refusal.path) }));
  throw new ManifestError(refusals, checked.incomplete);
}

/** kprobe/vfs_unlink: vfs-unlink. Both a point's and a probe's name. */
function nameOfTarget(attach: string): string {
  const target = attach.split('/').at(-1) ?? '';
  const name = target.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return name.slice(0, 32).replace(/^[^a-z]+|-+$/g, '') || 'inline';
}

interface CaptureItem {
  name: string;
  value?: string;
  type?: string;
}

function captureItems(options: readonly string[]): CaptureItem[] {
  const parsed = options.map((option) => {
    const [left, right] = splitOnce(option, '=');
    const [first, type] = splitOnce(left, ':');
    return right === undefined ? { path: first, type } : { name: first, path: right, type };
  });
  const unnamed = parsed.filter(({ name }) => name === undefined).map(({ path }) => path);
  const derived = captureNames(
    unnamed,
    parsed.flatMap(({ name }) => name ?? []),
  );
  return parsed.map(({ name = derived.shift() ?? '', path, type }) => ({
    name,
    ...((path !== name || path === 'args') && { value: rooted(path) }),
    ...(type !== undefined && { type }),
  }));
}

/** A lone word that is nothing else is the argument or field of that name. */
function rooted(path: string): string {
  const known: readonly string[] = ['args', 'retval', 'duration', ...eventFields];
  return /^\w+$/.test(path) && !known.includes(path) ? `args.${path}` : path;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Options instead of lines; --filter counts columns from the start of its expression. */
function locateOption(capture: readonly string[]): Locate {
  return ([root, , , key, index]: FieldPath, part) => {
    if (key === 'capture') {
      const option = typeof index === 'number' ? capture[index] : undefined;
      return { source: option === undefined ? '--capture' : `--capture ${option}` };
    }
    if (key === 'filter')
      return { source: '--filter', ...(typeof part === 'number' && { line: 1, column: part + 1 }) };
    if (root === 'metadata') return { source: '--name' };
    return { source: key === 'binary' ? '--binary' : '--attach' };
  };
}
