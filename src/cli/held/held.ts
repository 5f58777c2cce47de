import type { KeptFile, ReleaseRequest } from '../../agent/delayedUnlink/keptFilesServer.ts';
import type { CliContext } from '../cliContext.ts';
import { exitCodes, usageError } from '../cliError.ts';
import type { HeldOptions } from '../commands/held.ts';
import { alignColumns } from '../output/alignColumns.ts';
import { escapeText } from '../output/escapeText.ts';
import { formatNanoseconds } from '../output/formatNanoseconds.ts';
import { keeperSockets, keptFiles, releaseFiles } from './askKeeper.ts';

/** `traceprobe held`: resolves to the exit code. */
export async function held(options: HeldOptions & { paths: string[] }, context: CliContext): Promise<number> {
  const { release, all, paths, socket } = options;
  if (!release && (all || paths.length > 0)) {
    throw usageError(
      'files and --all are for letting go',
      'add --release, or leave them out to list what is kept',
    );
  }
  if (release && all === paths.length > 0) {
    throw usageError('which files shall go?', 'name them as "traceprobe held" lists them, or write --all');
  }
  const sockets = socket === undefined ? Object.values(keeperSockets(context.environment)) : [socket];
  return release
    ? await letGo(sockets, all ? { all } : { paths }, context)
    : await list(sockets, options.output, context);
}

async function list(
  sockets: readonly string[],
  output: HeldOptions['output'],
  { stdout, stderr }: CliContext,
): Promise<number> {
  const answers = await Promise.all(sockets.map(keptFiles));
  const files = answers.flatMap((answer) => answer ?? []);
  if (output === 'json') {
    for (const file of files) stdout.line(JSON.stringify(file));
    return exitCodes.ok;
  }
  if (files.length === 0) {
    stderr.line(
      answers.every((answer) => answer === undefined)
        ? 'Nothing on this machine keeps deleted files.'
        : 'No deleted file is being kept.',
    );
    return exitCodes.ok;
  }
  const cells = files.map((file) => [
    file.probe,
    escapeText(file.path),
    file.size,
    formatNanoseconds(file.ageMilliseconds * 1e6),
    waitsFor(file),
  ]);
  for (const line of alignColumns([['PROBE', 'FILE', 'BYTES', 'KEPT', 'WAITS FOR'], ...cells], {
    right: [2, 3],
  })) {
    stdout.line(line);
  }
  return exitCodes.ok;
}

function waitsFor({ size, read, ageMilliseconds, maxDelayMilliseconds }: KeptFile): string {
  const left = formatNanoseconds(Math.max(0, maxDelayMilliseconds - ageMilliseconds) * 1e6);
  const unread = read === null ? 'a first read' : `${BigInt(size) - BigInt(read)} bytes to be read`;
  return `${unread}, at most ${left}`;
}

async function letGo(
  sockets: readonly string[],
  request: ReleaseRequest,
  { stdout, stderr }: CliContext,
): Promise<number> {
  const gone: string[] = [];
  for (const socket of sockets) gone.push(...((await releaseFiles(socket, request)) ?? []));
  for (const path of gone) stdout.line(escapeText(path));
  if ('all' in request) return exitCodes.ok;
  const missing = request.paths.filter((path) => !gone.includes(path));
  for (const path of missing) stderr.line(`${escapeText(path)} is not being kept`);
  return missing.length > 0 ? exitCodes.failure : exitCodes.ok;
}
