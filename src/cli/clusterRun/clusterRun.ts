import { setTimeout as sleep } from 'node:timers/promises';
import {
  durationToMilliseconds,
  traceProbeResource,
  type InlineProbe,
  type TraceProbe,
} from '../../api/index.ts';
import type { ApiClient } from '../../kubernetes/apiClient.ts';
import { ApiError } from '../../kubernetes/apiError.ts';
import { resourcePath } from '../../kubernetes/resourcePath.ts';
import type { LossResponse } from '../../rpc/gen/traceprobe/v1/read_pb.ts';
import { reportProblems, type CliContext } from '../cliContext.ts';
import type { OutputFormat } from '../output/outputFormat.ts';
import { ask } from '../read/clusterApi.ts';
import type { Events } from '../read/events.ts';
import { watchProbe } from '../read/watchProbe.ts';
import { after } from '../run/endOfRun.ts';
import { awaitProgrammed, failureHints } from './awaitProgrammed.ts';
import { clusterAccount } from './clusterAccount.ts';
import { clusterProbe } from './clusterProbe.ts';

export interface ClusterRun {
  inline: InlineProbe;
  /** A TraceProbe's duration, from when nodes run it. */
  for: string | undefined;
  count: number | undefined;
  output: OutputFormat;
}

const { group, version, plural: resource } = traceProbeResource;
const collection = resourcePath({ group, version, resource });

/**
 * Creates a TraceProbe that expires, shows its events as the cluster's nodes send them, and deletes it at the end, also
 * after Ctrl-C. Its account goes to standard error.
 *
 * @throws CliError
 */
export async function clusterRun(
  run: ClusterRun,
  api: ApiClient,
  events: Events,
  context: CliContext,
  interrupted: AbortSignal,
): Promise<void> {
  const probe = clusterProbe(run.inline, run.for);
  const { name } = probe.metadata;
  const done = new AbortController();
  const stop = AbortSignal.any([interrupted, done.signal]);
  const watching = Promise.withResolvers<undefined>();
  const { output, count } = run;
  // Before the probe is there: no event of it is missed, and who may not watch is told so before anything is created.
  const shown = watchProbe(
    events,
    { probe: name, point: '', filter: '', output, count },
    context,
    stop,
    () => {
      watching.resolve(undefined);
    },
  );
  let isThere = false;
  try {
    await Promise.race([watching.promise, shown]);
    if (stop.aborted) return;
    await create(api, probe);
    isThere = true;
    await Promise.race([untilProgrammed(api, name, context, stop), shown]);
    using elapsed = run.for === undefined ? undefined : after(durationToMilliseconds(run.for));
    elapsed?.addEventListener('abort', () => {
      done.abort();
    });
    await shown;
  } finally {
    done.abort();
    if (isThere) await remove(api, name);
    await shown.catch(() => undefined);
  }
  const lines = clusterAccount(name, await finalLoss(events, name), await shown);
  for (const line of lines) context.stderr.line(line);
}

async function create(api: ApiClient, probe: TraceProbe): Promise<void> {
  const { name } = probe.metadata;
  await ask(api.create(collection, probe), ({ status }) =>
    status === 409
      ? { message: `there is a TraceProbe ${name} already`, hints: ['choose another --name'] }
      : undefined,
  );
}

/** Somebody else may have deleted it. */
async function remove(api: ApiClient, name: string): Promise<void> {
  try {
    await api.delete(resourcePath({ group, version, resource, name }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
}

/** Says on which nodes it runs; returns early after Ctrl-C. */
async function untilProgrammed(
  api: ApiClient,
  name: string,
  context: CliContext,
  stop: AbortSignal,
): Promise<void> {
  try {
    started(await awaitProgrammed(api, collection, name, stop), context);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

function started(probe: TraceProbe, { stderr }: CliContext): void {
  const { desired = 0, running = 0 } = probe.status?.nodes ?? {};
  const failures = failureHints(probe);
  if (failures.length > 0) {
    const message = `${probe.metadata.name} runs on ${running} of ${desired} nodes`;
    reportProblems(stderr, [{ message, hints: failures }], 'warning');
  } else if (stderr.isTerminal) {
    stderr.line(
      `Tracing ${probe.metadata.name} on ${running === 1 ? '1 node' : `${running} nodes`}. Ctrl-C ends.`,
    );
  }
}

/** Agents stop the probe and tell their last counts within moments; who does not is shown as it was. */
async function finalLoss({ client, credentials }: Events, probe: string): Promise<LossResponse> {
  const metadata = await credentials();
  const deadline = performance.now() + 3000;
  let last = '';
  for (;;) {
    const loss = await client.loss({}, metadata);
    loss.losses = loss.losses.filter((each) => each.probe === probe);
    const text = loss.losses.map(({ attempted, stored }) => `${attempted} ${stored}`).join();
    const settled = text === last && loss.losses.every(({ inFlight }) => inFlight === 0n);
    if (settled || performance.now() > deadline) return loss;
    last = text;
    await sleep(300);
  }
}
