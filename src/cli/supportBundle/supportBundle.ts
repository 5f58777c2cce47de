import { writeFile } from 'node:fs/promises';
import { reportProblems, type CliContext } from '../cliContext.ts';
import { CliError } from '../cliError.ts';
import { callError } from '../read/callError.ts';
import { clusterApi } from '../read/clusterApi.ts';
import type { Events } from '../read/events.ts';
import { openEvents } from '../read/openEvents.ts';
import type { ReadOptions } from '../read/readOptions.ts';
import { version } from '../version.ts';
import type { BundlePart } from './bundlePart.ts';
import { collectBundle, type Missing } from './collectBundle.ts';
import { eventsParts } from './eventsParts.ts';
import { objectParts } from './objectParts.ts';
import { componentOf, installedPods, podParts, podsToLog, type InstalledPod } from './podParts.ts';
import { runInPod } from './runInPod.ts';

export interface SupportBundleOptions extends ReadOptions {
  /** Where to; left out: a name with the time, here. */
  output?: string;
  /** Logs of so many agents. */
  agents: number;
}

/**
 * Writes what somebody needs who is to find out what is wrong with an installation, as far as this user may see it.
 *
 * @throws CliError
 */
export async function supportBundle(options: SupportBundleOptions, context: CliContext): Promise<void> {
  const { namespace, agents } = options;
  const file =
    options.output ?? `traceprobe-support-${new Date().toISOString().replaceAll(/[-:]|\..*/g, '')}Z.tar.gz`;
  using cluster = clusterApi(options);
  const { api, kubeConfig } = cluster;
  let opened: Promise<Events> | undefined;
  const events = (): Promise<Events> => (opened ??= openEvents(options, context));
  const absent: Missing[] = [];
  let pods: InstalledPod[] = [];
  try {
    pods = await installedPods(api, namespace);
    if (pods.length === 0)
      absent.push({ path: 'pods.json', reason: `namespace ${namespace} has no pods of TraceProbe` });
  } catch (error) {
    absent.push({ path: 'pods.json', reason: String(error) });
  }
  const logged = podsToLog(pods, agents);
  const left = pods.length - logged.length;
  if (left > 0)
    absent.push({ path: 'logs', reason: `of ${left} more agents: --agents takes more than ${agents}` });
  const host = pods.find((pod) => componentOf(pod) === 'agent' && pod.status?.phase === 'Running');
  if (host === undefined) absent.push({ path: 'doctor', reason: 'no agent runs in which it could be asked' });
  const parts: BundlePart[] = [
    {
      path: 'version.txt',
      read: () => Promise.resolve(`traceprobe ${version()} (Node ${process.version})\n`),
    },
    ...objectParts(api, namespace),
    ...podParts(api, namespace, pods, logged),
    ...eventsParts(events).map(inWords),
    ...(host === undefined
      ? []
      : [
          {
            path: `doctor/${host.spec.nodeName ?? host.metadata.name}.txt`,
            read: () =>
              runInPod(kubeConfig, { namespace, name: host.metadata.name, container: 'agent' }, [
                'traceprobe',
                'doctor',
              ]),
          },
        ]),
  ];
  try {
    const { archive, missing } = await collectBundle(parts, absent);
    await write(file, archive);
    if (missing.length > 0) {
      const hints = missing.map(({ path, reason }) => `${path}: ${reason}`);
      reportProblems(context.stderr, [{ message: 'this could not be had', hints }], 'warning');
    }
    context.stdout.line(file);
  } finally {
    await opened?.then((each) => each[Symbol.asyncDispose]()).catch(() => undefined);
  }
}

/** A call's failure as the reading commands tell it. */
function inWords({ path, read }: BundlePart): BundlePart {
  return {
    path,
    read: () =>
      read().catch((error: unknown) => {
        throw callError(error);
      }),
  };
}

/** For its owner alone: logs say what runs where. */
async function write(file: string, archive: Uint8Array): Promise<void> {
  try {
    await writeFile(file, archive, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const hint =
      code === 'EEXIST' ? 'it is there already: choose another --output' : `${code}: choose another --output`;
    throw new CliError([{ message: `${file} cannot be written`, hints: [hint] }]);
  }
}
