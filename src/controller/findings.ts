import type { Finding } from './conditions.ts';
import type { NodeCounts } from './countNodes.ts';
import { cutText } from './cutText.ts';
import type { StopReason } from './desireOf.ts';
import { nodeGroups } from './nodeGroups.ts';
import type { ProbeRecord } from './probeRecord.ts';
import type { FailedCanary, Rollout } from './rollout.ts';

/** What decides about a probe's conditions beside its nodes. */
export interface FindingInput {
  probe: ProbeRecord;
  stopped: StopReason | undefined;
  rollout: Rollout;
}

/** As long as the CRD lets a condition's message be. */
const maxMessageBytes = 32_768;
/** Notes of 1 KiB each that a message shows. */
const maxNotes = 5;

export const stopReasons: Record<StopReason, string> = {
  Suspended: 'spec.suspend is set: the probe is detached everywhere',
  SuspendedClusterWide:
    'all probes of the cluster are suspended: "traceprobe resume --all" lets them run again',
  Expired: 'its time (spec.expireAfter) is over: create the probe again to run it once more',
};

/** The spec makes sense. */
export function accepted({ acceptance }: ProbeRecord): Finding {
  return acceptance.accepted
    ? yes('Accepted', 'the spec makes sense')
    : no('Invalid', cutText(acceptance.message, maxMessageBytes));
}

/** Every node that can be reached has been given this generation and has answered. */
export function programmed(input: FindingInput, counts: NodeCounts): Finding {
  const { failed } = input.rollout;
  const waiting = counts.pending + counts.unheard;
  return (
    barred(input, counts) ??
    nobody(counts) ??
    (failed.length > 0 && waiting > 0
      ? no('CanaryFailed', canaryMessage(failed, waiting))
      : waiting > 0
        ? no(...progress(input.rollout, waiting))
        : yes('Programmed', `${nodes(reached(counts))} answered`))
  );
}

/** What the probe records reaches the aggregator. */
export function delivering(input: FindingInput, counts: NodeCounts): Finding {
  const stopped = barred(input, counts);
  if (stopped) return stopped;
  const { runningAny, notDelivering } = counts;
  if (runningAny === 0) return { status: 'Unknown', reason: 'NotRunning', message: 'no node runs it' };
  const [first] = notDelivering;
  if (first === undefined) return yes('Delivering', `events of ${nodes(runningAny)} are taken`);
  const why = first.message === '' ? '' : `: ${cutText(first.message, 1024)}`;
  return no('NotDelivering', `events of ${nodes(notDelivering.length)} wait, as of ${first.node}${why}`);
}

/** Every node that can be reached runs it or cannot, and at least one runs it. */
export function ready(input: FindingInput, counts: NodeCounts): Finding {
  const { failed, unsupported, running } = counts;
  const outcome = programmed(input, counts);
  if (outcome.status !== 'True' && outcome.reason !== 'Progressing') return outcome;
  const notes = notesOf(counts);
  if (failed > 0) return no('NodesFailed', `failed on ${nodes(failed)}, as status.failures says${notes}`);
  if (outcome.status !== 'True') return outcome;
  if (running === 0)
    return no('Unsupported', `none of ${nodes(unsupported)} can run it, as status.failures says`);
  const others = unsupported > 0 ? `; ${nodes(unsupported)} cannot` : '';
  return yes('Running', `runs on ${nodes(running)}${others}${notes}`);
}

/** What nodes that run it say of how they do, and which: the first few. */
function notesOf({ notes }: NodeCounts): string {
  const groups = nodeGroups(notes);
  const texts = groups
    .slice(0, maxNotes)
    .map(({ words, nodes: names }) => `; ${nodes(names.length)} (${list(names)}): ${words.join()}`);
  const more = groups.length - texts.length;
  return texts.join('') + (more > 0 ? `; and ${more} more notes` : '');
}

/** Only when it is so. */
export function losing({ losing: { nodes: count, reasons } }: NodeCounts): { LosingEvents?: Finding } {
  if (count === 0) return {};
  const how = [...reasons].sort().join(', ');
  return {
    LosingEvents: yes('EventsLost', `within the last minute, by ${how}: "traceprobe loss" counts them`),
  };
}

function barred({ probe, stopped }: FindingInput, { runningAny }: NodeCounts): Finding | undefined {
  if (stopped !== undefined) {
    const still = runningAny > 0 ? `; ${nodes(runningAny)} still to detach it` : '';
    return no(stopped, `${stopReasons[stopped]}${still}`);
  }
  if (probe.acceptance.accepted) return undefined;
  const still = runningAny > 0 ? `; ${nodes(runningAny)} still run what was accepted before` : '';
  return no('Invalid', `the spec was not accepted${still}`);
}

function nobody(counts: NodeCounts): Finding | undefined {
  if (counts.desired === 0) return no('NoNodes', 'no node is selected: see spec.scope.nodeSelector');
  if (counts.unreachable === counts.desired) {
    return no('AgentsUnreachable', `no agent of ${nodes(counts.desired)} is connected`);
  }
  return undefined;
}

function progress(rollout: Rollout, waiting: number): [string, string] {
  const first = [...rollout.canaries].map(([release, node]) => `${node} (${release || 'unknown kernel'})`);
  const canary = first.length > 0 ? `; first on ${list(first)}` : '';
  return ['Progressing', `waiting for ${nodes(waiting)}${canary}`];
}

function canaryMessage(failed: readonly FailedCanary[], waiting: number): string {
  const texts = failed.map(
    ({ node, kernelRelease, reason, message }) =>
      `${node} (${kernelRelease || 'unknown kernel'}): ${reason}: ${cutText(message, 1024)}`,
  );
  return `held back from ${nodes(waiting)}, for it failed where it was tried first: ${list(texts)}`;
}

/** The first few. */
function list(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).join(', ');
  return texts.length > 5 ? `${shown} and ${texts.length - 5} more` : shown;
}

function reached({ desired, unreachable }: NodeCounts): number {
  return desired - unreachable;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}

function yes(reason: string, message: string): Finding {
  return { status: 'True', reason, message };
}

function no(reason: string, message: string): Finding {
  return { status: 'False', reason, message };
}
